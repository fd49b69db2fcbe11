"""Gives a table its column `project` within a migration, without making the table again."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import AddField
from django.db.migrations.state import ProjectState


class AddProject(AddField):
    """Add a column that has a constant default in the database: it costs nothing, however many rows there are.

    On SQLite Django makes the table again for each column that is not null. For a large one that takes long, and for
    one that triggers write to it fails; SQLite itself adds such a column at once.
    """

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Add the column as other databases do."""
        model: Any = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            earlier: Any = from_state.apps.get_model(app_label, self.model_name)
            BaseDatabaseSchemaEditor.add_field(schema_editor, earlier, model._meta.get_field(self.name))
