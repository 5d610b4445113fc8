"""Every rule the detector runs. What belongs to a new one beside its entry here: docs/extending.md."""

from commerce.rules.account_takeover import ACCOUNT_TAKEOVER
from commerce.rules.address_flood import ADDRESS_FLOOD
from commerce.rules.card_testing import CARD_TESTING
from commerce.rules.cart_hoarding import CART_HOARDING
from commerce.rules.catalogue_scraping import CATALOGUE_SCRAPING
from commerce.rules.changed_habits import CHANGED_HABITS
from commerce.rules.many_accounts import MANY_ACCOUNTS
from commerce.rules.metronome import METRONOME
from commerce.rules.price_watching import PRICE_WATCHING
from commerce.rules.request_flood import REQUEST_FLOOD
from commerce.rules.rule import Rule
from commerce.rules.session_flood import SESSION_FLOOD
from commerce.rules.site_surge import SITE_SURGE
from commerce.rules.slow_scraping import SLOW_SCRAPING

RULES: tuple[Rule, ...] = (
    REQUEST_FLOOD,
    SESSION_FLOOD,
    ADDRESS_FLOOD,
    SITE_SURGE,
    CATALOGUE_SCRAPING,
    SLOW_SCRAPING,
    METRONOME,
    CART_HOARDING,
    CARD_TESTING,
    ACCOUNT_TAKEOVER,
    PRICE_WATCHING,
    MANY_ACCOUNTS,
    CHANGED_HABITS,
)
RULES_BY_NAME: dict[str, Rule] = {rule.name: rule for rule in RULES}
