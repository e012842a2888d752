"""Which workspaces a run loads: those that the key sees and may read.

Two things must not empty a table. A plain member's key sees only some projects and nobody's hours but its own: so a
workspace whose users the key may not list is not read. And the key of another account sees other workspaces than those
that are loaded: so it is refused, unless the loaded ones are to be dropped. Loaded ones that the key does not see, or
the setting leaves out, are not read, and their rows stay.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from clockify_dagster.errors import ApiError, NotAllowedError, OtherAccountError
from clockify_dagster.refresh.context import RefreshContext, Workspace
from clockify_dagster.refresh.troubles import Troubles, left_out_text, names_of, unread_error
from clockify_dagster.warehouse import Warehouse
from clockify_dagster.warehouse.workspace_state import NOT_CHOSEN, UNSEEN, workspace_names

HOW_TO_DROP = (
    "`clockify-dagster sync --drop-unseen` (in Dagster's UI: the config `drop_unseen: true` of the step that loads the "
    "workspaces)"
)


@dataclass(frozen=True)
class ChosenWorkspaces:
    """What becomes of the workspaces of a context.

    Attributes:
        read: ids of those that are loaded; also of loaded ones whose users could not be listed for the moment.
        unread: ids of those that are not, and why, as a `Load` takes it.
    """

    read: tuple[str, ...]
    unread: Mapping[str, str]


def held_workspaces(warehouse: Warehouse) -> dict[str, Workspace]:
    """The loaded workspaces, by id; none where no run has loaded them."""
    with warehouse.database.reading_if_there() as connection:
        names = {} if connection is None else workspace_names(connection)
    return {identity: Workspace(identity, name) for identity, name in names.items()}


def choose_workspaces(context: RefreshContext, held: Mapping[str, Workspace]) -> ChosenWorkspaces:
    """Find out which of the context's workspaces can be read, by listing their users, which are needed later anyway.

    `held` are the loaded workspaces. One that was never loaded and cannot be read is left out, with a warning. Raises
    `ApiError` where Clockify cannot be read at all, or the users of every workspace are refused.
    """
    troubles = Troubles(context)

    def list_users(workspace: str) -> None:
        try:
            context.client.users(workspace)
        except ApiError as error:
            if context.client.concerns_all(error):
                raise
            troubles.errors[workspace] = error

    list(context.in_workspaces(list_users, context.workspaces, "clockify_users"))
    errors = troubles.errors
    refused = {each for each, error in errors.items() if isinstance(error, NotAllowedError)}
    if refused and len(refused) == len(context.workspaces):
        raise unread_error(list(context.workspaces.values()), errors, is_partial=False)
    # where nothing but errors came, those that are no refusals are left to the users' own step: other tables may be
    # readable
    left_out = [each for each in errors if each not in held and (each in refused or troubles.read)]
    unread = {*left_out, *(refused & held.keys())}
    read = tuple(each for each in context.workspaces if each not in unread)
    if left_out:
        context.log.warning(left_out_text("The account", [context.workspaces[each] for each in left_out], errors, read))
    return ChosenWorkspaces(read, {**context.unread, **{each: type(errors[each]).__name__ for each in unread}})


def refuse_other_account(found: Mapping[str, Workspace], held: Mapping[str, Workspace]) -> None:
    """Raise `OtherAccountError` where the key sees workspaces (`found`), and none of those that are loaded."""
    if found and held and not found.keys() & held.keys():
        loaded = names_of(held.values())
        raise OtherAccountError(
            f"This key sees none of the workspaces that the database holds. It holds {loaded}; the key sees "
            f"{names_of(found.values())}. Nothing was changed. Use a key that sees the loaded workspaces, or another "
            "file or schema for this account (CLOCKIFY_DATABASE, CLOCKIFY_DATABASE_SCHEMA). Or replace what is loaded: "
            f"{HOW_TO_DROP} removes all rows of {loaded}."
        )


def unread_of(found: Collection[str], held: Collection[str], wanted: Collection[str]) -> dict[str, str]:
    """By id, those of the held workspaces that are not read, and why, as a `Load` takes it.

    `found` are those that the key sees, `wanted` those of them that the setting chooses.
    """
    return {each: NOT_CHOSEN if each in found else UNSEEN for each in held if each not in wanted}


def unread_texts(
    unread: Mapping[str, str], held: Mapping[str, Workspace], setting: str, *, are_dropped: bool = False
) -> list[str]:
    """What to say of held workspaces that are not read: a line for each reason there is. `setting` is its name."""
    lines = []
    for reason, words in ((UNSEEN, "this key does not see it"), (NOT_CHOSEN, f"{setting} leaves it out")):
        names = names_of(held[each] for each, why in unread.items() if why == reason)
        if names and are_dropped:
            lines.append(f"Removed, since {words}: {names}.")
        elif names:
            stays = f"in the database, but {words}. Its rows stay as they are."
            lines.append(f"{names}: {stays} {HOW_TO_DROP} removes them.")
    return lines
