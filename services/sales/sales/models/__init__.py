"""The tables of sales. A folder because the nouns are many; import them from here."""

from sales.models.catalogue import ExchangeRate, Pipeline, Price, PriceBook, Product
from sales.models.contracts import Allocation, Contract, Payment, Receivable
from sales.models.customers import Account, Contact
from sales.models.deals import Conversion, Opportunity, Quote, QuoteOpen, StageHistory
from sales.models.metadata import Base
from sales.models.own import CustomRecord

__all__ = [
    "Account", "Allocation", "Base", "Contact", "Contract", "Conversion", "CustomRecord", "ExchangeRate", "Opportunity",
    "Payment", "Pipeline", "Price", "PriceBook", "Product", "Quote", "QuoteOpen", "Receivable", "StageHistory",
]  # fmt: skip
