"""Somebody of each kind, as seen from one project and one run in it: what each may is the same question everywhere."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.test import Client

from access.models import Membership, Project
from access.roles import Role
from runs.models import Run
from tests.realtime.writing import queued_run
from tests.tokens import new_token

NOBODY, STRANGER, VIEWER, TRAINER, OWNER = "nobody", "stranger", "viewer", "trainer", "owner"
ADMIN, STAFF, SUPERUSER = "admin", "staff", "superuser"
PEOPLE = (NOBODY, STRANGER, VIEWER, TRAINER, OWNER, ADMIN, STAFF, SUPERUSER)
"""Without an account; of another project; in the project with each role, the owner as a trainer; the operators."""
ROLES = {VIEWER: Role.VIEWER, TRAINER: Role.TRAINER, OWNER: Role.TRAINER, ADMIN: Role.ADMIN}


def make_users() -> dict[str, User]:
    """Make a user of each kind; none is given a role."""
    users = {who: User.objects.create_user(who) for who in (STRANGER, *ROLES)}
    users[STAFF] = User.objects.create_user(STAFF, is_staff=True)
    return users | {SUPERUSER: User.objects.create_superuser(SUPERUSER)}


def join(project: Project, users: dict[str, User]) -> None:
    """Give each member their role."""
    for who, role in ROLES.items():
        Membership.objects.create(project=project, user=users[who], role=role)


class Cast:
    """A project with its people, and one more project, to which the stranger belongs."""

    def __init__(self, name: str = "Heart") -> None:
        self.project = Project.objects.create(name=name)
        self.other = Project.objects.create(name=f"Not {name}")
        self.users = make_users()
        Membership.objects.all().delete()  # none in the default project
        join(self.project, self.users)
        Membership.objects.create(project=self.other, user=self.users[STRANGER], role=Role.ADMIN)

    def client(self, who: str) -> Client:
        """Return a client of that person, logged in by session as a browser is."""
        client = Client()
        if who != NOBODY:
            client.force_login(self.users[who])
        return client

    def program(self, who: str) -> Client:
        """Return a client that sends an API token of that person."""
        return Client(headers={"authorization": f"Token {new_token(self.users[who])}"})

    def role(self, who: str) -> str | None:
        """Return the role of that person in the project."""
        found = Membership.objects.filter(project=self.project, user=self.users[who])
        return found.values_list("role", flat=True).first()

    def run(self, owner: str = OWNER, project: Project | None = None) -> Run:
        """Queue a run of that person in the project."""
        run = queued_run(self.users[owner])
        Run.objects.filter(pk=run.pk).update(project=project or self.project)
        run.refresh_from_db()
        return run
