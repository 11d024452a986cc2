from django.urls import path

from django_app import views

urlpatterns = [
    path("set-up", views.set_up),
    path("invoice/<str:number>", views.invoice),
    path("touches", views.touches),
]
