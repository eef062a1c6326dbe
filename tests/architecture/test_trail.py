"""Every audited action has German words for the people who read the trail."""

import ast

from gateway.domain.trail.trail import ACTIONS
from tests.architecture.test_imports import PACKAGE


def test_every_action_of_the_audit_trail_has_words() -> None:
    """Whoever adds an action adds it to `gateway.domain.trail.trail.ACTIONS`."""
    found = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            places = {"audit": 3, "note_read": 2}
            if isinstance(node, ast.Call) and name in places and len(node.args) > places[name]:
                found |= {
                    each.value
                    for each in ast.walk(node.args[places[name]])
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                }
    assert len(found) > 30
    assert found - ACTIONS.keys() == set()
