"""Attackers by family, each in the ordinary variant.

Each family keeps to its own bounds, so that one attack breaks one rule and no other. A new one is one entry here.
"""

from simulator.attacks.accounts import account_takeover, changed_habits, many_accounts, owner_of_account
from simulator.attacks.carts import card_testing, cart_hoarding
from simulator.attacks.floods import address_flood, request_flood, session_flood
from simulator.attacks.kind import Kind
from simulator.attacks.readers import catalogue_scraping, metronome, price_watching, slow_scraping
from simulator.attacks.surge import site_surge
from simulator.timetable import When

ATTACKS: dict[str, Kind] = {
    "request_flood": Kind(request_flood, When(minutes=(4, 8)), loud=True),
    "session_flood": Kind(session_flood, When(minutes=(4, 8)), loud=True),
    "address_flood": Kind(address_flood, When(minutes=(4, 8)), loud=True),
    "site_surge": Kind(site_surge, when=None, loud=True),
    "catalogue_scraping": Kind(catalogue_scraping, When(minutes=(12, 20))),
    "slow_scraping": Kind(slow_scraping, When(minutes=(150, 300))),
    "metronome": Kind(metronome, When(minutes=(90, 180))),
    "cart_hoarding": Kind(cart_hoarding, When(minutes=(20, 60))),
    "card_testing": Kind(card_testing, When(minutes=(4, 9))),
    "account_takeover": Kind(account_takeover, When(minutes=(20, 45))),
    "price_watching": Kind(price_watching, When(minutes=(120, 300))),
    "many_accounts": Kind(many_accounts, When(minutes=(35, 55))),
    "changed_habits": Kind(changed_habits, When(minutes=(180, 420)), before=owner_of_account),
}
