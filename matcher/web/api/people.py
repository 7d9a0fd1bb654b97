"""Accounts and keys, for administrators."""

from __future__ import annotations

from starlette.responses import Response

from matcher.services.accounts import NewKey, NewPerson
from matcher.web.api.answers import AccountView, KeyView, NewKeyView, of_key, of_person
from matcher.web.api.bodies import AccountChanges, KeyOrder, NewAccount, Password
from matcher.web.api.caller import router_of
from matcher.web.api.parameters import AccountName, Administrator, KeyId
from matcher.web.parts import Whole, whole

router = router_of("Accounts")


@router.get("/accounts", summary="Accounts")
def accounts(caller: Administrator) -> Whole[AccountView]:
    """All accounts by name, those that ended among them."""
    return whole([of_person(person) for person in caller.accounts.list(caller.acting)])


@router.post("/accounts", status_code=201, summary="Add an account")
def add_account(caller: Administrator, given: NewAccount) -> AccountView:
    """Add an account of a person or of a service."""
    told = given.model_dump(exclude={"roles"})
    return of_person(caller.accounts.add(caller.acting, NewPerson(roles=frozenset(given.roles), **told)))


@router.patch("/accounts/{name}", summary="Change an account")
def change_account(caller: Administrator, name: AccountName, given: AccountChanges) -> AccountView:
    """Change an account; other roles and its end close its sessions."""
    changes = given.model_dump(exclude_unset=True)
    if "roles" in changes:
        changes["roles"] = frozenset(given.roles)
    return of_person(caller.accounts.change(caller.acting, name, **changes))


@router.put("/accounts/{name}/password", status_code=204, summary="Give another password")
def set_password(caller: Administrator, name: AccountName, given: Password) -> Response:
    """Give an account another password; its sessions end."""
    caller.accounts.set_password(caller.acting, name, given.password)
    return Response(status_code=204)


@router.delete("/accounts/{name}/failures", status_code=204, summary="Forget failed attempts to sign in")
def unblock(caller: Administrator, name: AccountName) -> Response:
    """Let an account sign in at once, where failed attempts of its owner or of others make it wait."""
    caller.accounts.unblock(caller.acting, name)
    return Response(status_code=204)


@router.get("/accounts/{name}/keys", summary="Keys of an account")
def keys(caller: Administrator, name: AccountName) -> Whole[KeyView]:
    """All keys of an account, newest first, without their texts."""
    return whole([of_key(key) for key in caller.accounts.keys(caller.acting, name)])


@router.post("/accounts/{name}/keys", status_code=201, summary="Make a key")
def add_key(caller: Administrator, name: AccountName, given: KeyOrder) -> NewKeyView:
    """Make a key for an account; its text is shown this once."""
    wanted = NewKey(name=name, label=given.label, scopes=frozenset(given.scopes), days=given.days)
    text, key = caller.accounts.add_key(caller.acting, wanted)
    return NewKeyView(text, of_key(key))


@router.delete("/keys/{key}", status_code=204, summary="Revoke a key")
def revoke_key(caller: Administrator, key: KeyId) -> Response:
    """End a key at once."""
    caller.accounts.revoke_key(caller.acting, key)
    return Response(status_code=204)
