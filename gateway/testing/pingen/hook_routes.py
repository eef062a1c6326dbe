"""The routes of webhooks: register, list, delete, and the log of what was called."""

from gateway.testing.house.exchange import Reply, Request
from gateway.testing.pingen.documents import Reject, attributes_of, collection, wire_time
from gateway.testing.pingen.hooks import Attempt, Hook, Hooks

_FIELDS = ("event_category", "url", "signing_key")


def answer_about_hooks(hooks: Hooks, request: Request, path: str) -> Reply:
    """The answer to a request below `/webhooks`; raises `Reject`."""
    hook_id, _, rest = path.partition("/")
    if (request.method, path) == ("POST", ""):
        return Reply(201, {"data": _resource(_registered(hooks, request))})
    if (request.method, path) == ("GET", ""):
        return Reply(200, collection([_resource(each) for each in hooks.registered()], request.query))
    if (request.method, rest) == ("GET", "requests"):
        made = [_line(each) for each in hooks.log() if each.hook_id == hook_id]
        return Reply(200, collection(made, request.query))
    if request.method == "DELETE" and not rest and hooks.remove(hook_id):
        return Reply(204, {})
    raise Reject(404, "not_found", "Not Found")


def _registered(hooks: Hooks, request: Request) -> Hook:
    told = attributes_of(request)
    try:
        return hooks.register(*(str(told.get(name) or "") for name in _FIELDS))
    except ValueError as fault:
        raise Reject(422, "invalid", f"{fault} is invalid") from None


def _resource(hook: Hook) -> dict[str, object]:
    """A registration; the signing key is shown to nobody."""
    attributes = {"event_category": hook.category, "url": hook.url, "created_at": wire_time(hook.since)}
    return {"id": hook.hook_id, "type": "webhooks", "attributes": attributes}


def _line(made: Attempt) -> dict[str, object]:
    attributes = {"attempt": made.number, "status_code": made.status or None, "created_at": wire_time(made.at)}
    return {"id": f"{made.event_id}-{made.number}", "type": "webhook_requests", "attributes": attributes}
