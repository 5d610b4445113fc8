"""Every rule the detector runs. A new rule is one entry here and one golden scenario."""

from commerce.rules.catalogue_scraping import CATALOGUE_SCRAPING
from commerce.rules.request_flood import REQUEST_FLOOD
from commerce.rules.rule import Rule
from commerce.rules.site_surge import SITE_SURGE

RULES: tuple[Rule, ...] = (REQUEST_FLOOD, CATALOGUE_SCRAPING, SITE_SURGE)
RULES_BY_NAME: dict[str, Rule] = {rule.name: rule for rule in RULES}
