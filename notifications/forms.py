"""The form of a subscription. What it takes is checked by the rules of `subscriptions`, as the API's is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User

from access.models import Project
from notifications.models import Subscription
from notifications.occasions import Occasion
from notifications.subscriptions import LONGEST_DIGEST_MINUTES, LONGEST_MINUTES, Refused, projects_of

Channel, Scope = Subscription.Channel, Subscription.Scope
FIRST_CHOICE = (Occasion.COMPLETED.value, Occasion.FAILED.value)


class SubscriptionForm(forms.Form):
    """A subscription to be made or changed; `project` is that of a page that shows its shared ones."""

    name = forms.CharField(max_length=100, label="Name", help_text="By which you know it, such as “Team chat”.")
    channel = forms.ChoiceField(choices=Channel.choices, initial=Channel.WEBHOOK.value, label="Sent by")
    url = forms.CharField(required=False, max_length=4_000, label="Address of the receiver")
    email = forms.EmailField(required=False, label="E-mail address", help_text="Blank: that of your account.")
    digest_minutes = forms.IntegerField(
        min_value=0,
        max_value=LONGEST_DIGEST_MINUTES,
        initial=10,
        label="At most one e-mail in … minutes",
        help_text="It collects what happened; 0: one e-mail for each message.",
    )
    scope = forms.ChoiceField(choices=Scope.choices, initial=Scope.OWN.value, label="Of which runs")
    project = forms.ModelChoiceField(Project.objects.none(), required=False, label="Project")
    run = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, label="Number of the run")
    occasions = forms.MultipleChoiceField(
        choices=Occasion.choices,
        initial=list(FIRST_CHOICE),
        widget=forms.CheckboxSelectMultiple,
        label="Tell me when a run …",
    )
    stalled_minutes = forms.IntegerField(
        min_value=1, max_value=LONGEST_MINUTES, initial=30, label="No progress for … minutes"
    )
    queued_minutes = forms.IntegerField(
        min_value=1, max_value=LONGEST_MINUTES, initial=60, label="In the queue for … minutes"
    )
    metric = forms.CharField(required=False, max_length=100, label="Metric", help_text="As in val_auroc.")
    direction = forms.ChoiceField(choices=Subscription.Direction.choices, label="Is")
    threshold = forms.FloatField(required=False, label="Threshold")

    def __init__(
        self, user: User, data: Any = None, *, of: Subscription | None = None, project: Project | None = None
    ) -> None:
        super().__init__(data, label_suffix="", initial=None if of is None else _initial(of))
        self._shared = project
        self.fields["project"].queryset = projects_of(user)  # type: ignore[attr-defined]
        if project is not None:
            for name in ("scope", "project", "run"):
                del self.fields[name]
        if of is not None:
            del self.fields["channel"]
            unused = ("url",) if of.channel == Channel.EMAIL else ("email", "digest_minutes")
            for name in unused:
                del self.fields[name]
            if "url" in self.fields:
                self.fields["url"].help_text = "Blank: as it is. It is not shown again, as it may hold a secret."

    def columns(self) -> dict[str, Any]:
        """Return what was filled in, as columns of the model; an address that is left blank stays as it is."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "run"}
        if "run" in self.cleaned_data:
            values["run_id"] = self.cleaned_data["run"]
        if "channel" not in self.fields and not values.get("url"):
            values.pop("url", None)
        if self._shared is not None:
            values |= {"scope": Scope.PROJECT.value, "project": self._shared, "is_shared": True}
        return values

    def show(self, refused: Refused) -> None:
        """Show what the rules refused, each at its field."""
        for name, problem in refused.problems.items():
            self.add_error(name if name in self.fields else None, problem)


def _initial(of: Subscription) -> dict[str, Any]:
    names = ("name", "email", "digest_minutes", "scope", "project", "occasions", "stalled_minutes", "queued_minutes")
    found = {name: getattr(of, name) for name in (*names, "metric", "direction", "threshold")}
    return found | {"run": of.run_id}
