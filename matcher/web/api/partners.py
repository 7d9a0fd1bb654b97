"""Services that are told of alerts."""

from __future__ import annotations

from matcher.services.partners import PartnerView
from matcher.web.api.answers import NewPartnerView, SecretView
from matcher.web.api.caller import router_of
from matcher.web.api.parameters import PartnerAdministrator, PartnerName, PartnerReader
from matcher.web.api.public_bodies import PartnerOrder
from matcher.web.parts import Whole, whole

router = router_of("Partners")


@router.get("/partners", summary="Partners")
def partners(caller: PartnerReader) -> Whole[PartnerView]:
    """All partners by name, those that ended among them."""
    return whole(caller.public.partners.listed(caller.acting))


@router.post("/partners", status_code=201, summary="Add a partner")
def add_partner(caller: PartnerAdministrator, given: PartnerOrder) -> NewPartnerView:
    """Let a service be told of alerts by signed webhooks; the secret that signs them is shown this once."""
    secret, view = caller.public.partners.add(caller.acting, given.name, given.url, tests=given.tests)
    return NewPartnerView(secret, view)


@router.post("/partners/{name}/secret", summary="Renew a secret")
def renew_secret(caller: PartnerAdministrator, name: PartnerName) -> SecretView:
    """Another secret for a partner, shown this once; it holds from the next event on."""
    return SecretView(caller.public.partners.renew_secret(caller.acting, name))


@router.post("/partners/{name}/try", summary="Try a partner now")
def try_partner(caller: PartnerAdministrator, name: PartnerName) -> PartnerView:
    """Let a partner that failed be told again at once, instead of after its rest."""
    return caller.public.partners.try_now(caller.acting, name)


@router.post("/partners/{name}/end", summary="End a partner")
def end_partner(caller: PartnerAdministrator, name: PartnerName) -> PartnerView:
    """Tell a partner nothing more, from now on."""
    return caller.public.partners.end(caller.acting, name)
