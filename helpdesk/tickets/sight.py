"""``access.may_see`` in SQL, for lists and searches: whose tickets a requester sees.

Every query over tickets that a requester may ask for takes its condition from here. A test holds
the two together.
"""

from helpdesk.access import Viewer


def submitters(viewer: Viewer) -> tuple[str, str]:
    """Return what a submitter's id has to fulfil for a viewer who is not staff, and its value.

    The condition goes behind the name of the column, as in ``f"submitter_id {condition}"``.
    """
    if viewer.organization_id is None:
        return "= ?", viewer.actor.id
    members = "SELECT user_id FROM organization_members WHERE organization_id = ?"
    return f"IN ({members})", viewer.organization_id
