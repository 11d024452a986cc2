"""Inside the frameworks that a host is made of: Django, asyncio, mail.

Nothing here is imported unless the host asks for it, and each module needs only what its
host has installed already.
"""
