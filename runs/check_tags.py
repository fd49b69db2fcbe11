"""The tag of our own system checks: those of what an administrator set, which every command of ours makes.

Django's look at the code, and load all views for it; `manage.py check` and `migrate` make them too.
"""

INSTALLATION = "installation"
