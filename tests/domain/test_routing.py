"""Routing: the first rule that fits decides, what no rule names goes to the general provider."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.mailpiece import Service
from gateway.domain.routing import Route, Routing

routes = st.builds(
    Route,
    provider=st.sampled_from(["sftp", "folder", "pingen"]),
    office=st.none() | st.sampled_from(["borken", "ahaus"]),
    service=st.none() | st.sampled_from(Service),
    template=st.none() | st.just("einladung"),
    abroad=st.none() | st.booleans(),
)


def test_the_first_rule_that_fits_decides() -> None:
    routing = Routing("epost", [Route("folder", office="ahaus"), Route("sftp", service=Service.PZU)])
    assert routing.provider_for("ahaus", Service.PZU, "einladung", "DE") == "folder"
    assert routing.provider_for("borken", Service.PZU, "einladung", "DE") == "sftp"
    assert routing.provider_for("borken", Service.STANDARD, "einladung", "DE") == "epost"


def test_letters_abroad_and_at_home_can_go_different_ways() -> None:
    routing = Routing("epost", [Route("pingen", abroad=True)])
    assert routing.provider_for("borken", Service.STANDARD, "einladung", "CH") == "pingen"
    assert routing.provider_for("borken", Service.STANDARD, "einladung", "DE") == "epost"


@given(
    st.lists(routes, max_size=5), st.sampled_from(["borken", "ahaus"]), st.sampled_from(Service), st.booleans()
)
def test_a_piece_always_has_one_provider_and_it_is_one_of_the_rules_or_the_general_one(
    rules: list[Route], office: str, service: Service, abroad: bool
) -> None:
    country = "FR" if abroad else "DE"
    chosen = Routing("epost", rules).provider_for(office, service, "einladung", country)
    fitting = [rule.provider for rule in rules if rule.fits(office, service, "einladung", country)]
    assert chosen == (fitting[0] if fitting else "epost")


def test_a_capacity_is_used_up_and_never_below_nothing() -> None:
    routing = Routing("epost", daily_capacity={"epost": 100})
    assert [routing.left_today("epost", taken) for taken in (0, 60, 100, 130)] == [100, 40, 0, 0]
    assert routing.left_today("sftp", 10**6) is None
