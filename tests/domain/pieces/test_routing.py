"""Routing: the first rule that fits decides, what no rule names goes to the general provider."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.pieces.mailpiece import Service
from gateway.domain.pieces.routing import Kind, Route, Routing

kinds = st.builds(
    Kind,
    office=st.sampled_from(["borken", "ahaus"]),
    service=st.sampled_from(Service),
    template=st.sampled_from(["einladung", "anhoerung"]),
    country=st.sampled_from(["DE", "FR"]),
)
volumes = st.dictionaries(kinds, st.integers(0, 500), max_size=6)
bounds = st.none() | st.integers(0, 1000)
routes = st.builds(
    Route,
    provider=st.sampled_from(["sftp", "folder", "pingen"]),
    office=st.none() | st.sampled_from(["borken", "ahaus"]),
    service=st.none() | st.sampled_from(Service),
    template=st.none() | st.just("einladung"),
    abroad=st.none() | st.booleans(),
    min_letters=bounds,
    max_letters=bounds,
)


def kind(
    office: str = "borken",
    service: Service = Service.STANDARD,
    template: str = "einladung",
    country: str = "DE",
) -> Kind:
    return Kind(office, service, template, country)


def test_the_first_rule_that_fits_decides() -> None:
    evening = Routing("epost", [Route("folder", office="ahaus"), Route("sftp", service=Service.PZU)]).on({})
    assert evening.provider_for(kind("ahaus", Service.PZU)) == "folder"
    assert evening.provider_for(kind("borken", Service.PZU)) == "sftp"
    assert evening.provider_for(kind("borken")) == "epost"


def test_letters_abroad_and_at_home_can_go_different_ways() -> None:
    evening = Routing("epost", [Route("pingen", abroad=True)]).on({})
    assert evening.provider_for(kind(country="CH")) == "pingen"
    assert evening.provider_for(kind(country="DE")) == "epost"


def test_a_mass_mailing_goes_to_the_print_centre_and_a_few_letters_of_the_same_template_do_not() -> None:
    routing = Routing("epost", [Route("sftp", template="anhoerung", min_letters=500)])
    few = {kind(template="anhoerung"): 499, kind(): 9000}
    many = {kind(template="anhoerung"): 300, kind("ahaus", template="anhoerung"): 200}
    assert routing.on(few).provider_for(kind(template="anhoerung")) == "epost"
    assert routing.on(many).provider_for(kind(template="anhoerung")) == "sftp"
    assert routing.on(many).provider_for(kind()) == "epost"


def test_a_small_evening_goes_to_the_print_room_of_the_house() -> None:
    routing = Routing("epost", [Route("folder", max_letters=100)])
    assert routing.on({kind(): 60, kind("ahaus"): 40}).provider_for(kind()) == "folder"
    assert routing.on({kind(): 60, kind("ahaus"): 41}).provider_for(kind()) == "epost"


def test_a_letter_that_the_volume_may_move_has_several_takers_and_any_other_one() -> None:
    routing = Routing(
        "epost",
        [
            Route("sftp", template="anhoerung", min_letters=500),
            Route("folder", office="ahaus"),
            Route("pingen"),
        ],
    )
    assert routing.takers(kind("ahaus", template="anhoerung")) == ["sftp", "folder"]
    assert routing.takers(kind("borken", template="anhoerung")) == ["sftp", "pingen"]
    assert routing.takers(kind("ahaus")) == ["folder"]
    assert Routing("epost", [Route("sftp", min_letters=9)]).takers(kind()) == ["sftp", "epost"]


@given(st.lists(routes, max_size=5), kinds, volumes)
def test_whatever_the_volume_a_letter_goes_to_a_provider_it_was_checked_for(
    rules: list[Route], copy: Kind, evening: Counter[Kind]
) -> None:
    routing = Routing("epost", rules)
    assert routing.on(evening).provider_for(copy) in routing.takers(copy)


@given(st.lists(routes, max_size=5), kinds, volumes)
def test_a_piece_always_has_one_provider_and_it_is_that_of_the_first_rule_that_fits(
    rules: list[Route], copy: Kind, evening: Counter[Kind]
) -> None:
    chosen = Routing("epost", rules).on(evening).provider_for(copy)
    fitting = [
        rule.provider for rule in rules if rule.fits(copy) and (not rule.by_volume or rule.fits_volume(evening))
    ]
    assert chosen == (fitting[0] if fitting else "epost")


def test_a_capacity_is_used_up_and_never_below_nothing() -> None:
    routing = Routing("epost", daily_capacity={"epost": 100})
    assert [routing.left_today("epost", taken) for taken in (0, 60, 100, 130)] == [100, 40, 0, 0]
    assert routing.left_today("sftp", 10**6) is None
