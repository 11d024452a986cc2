"""Settings of the example: one SQLite file beside the caller, or DATABASE_NAME."""

import os

SECRET_KEY = "only-an-example"
ALLOWED_HOSTS = ["testserver", "127.0.0.1"]
INSTALLED_APPS = ["django_app"]
ROOT_URLCONF = "django_app.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DATABASE_NAME", "office.db"),
        "ATOMIC_REQUESTS": True,
        # readers and a writer do not wait for each other; a block begins with the write lock
        "OPTIONS": {"init_command": "PRAGMA journal_mode = WAL", "transaction_mode": "IMMEDIATE"},
    }
}
