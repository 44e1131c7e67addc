"""The headings in files of Google Analytics 4, of Shopify and of users.

English headings of Google Analytics come from its reports and explorations, those in other languages from its web pages, as
far as they are documented. Shopify uses English headings in every language.
"""

from collections.abc import Mapping

# The first name that the file has is used.
EVENTS: Mapping[str, tuple[str, ...]] = {
    "event_type": (
        *("event_type", "Event name", "Ereignisname", "Nom de l'événement", "Nombre del evento"),
        *("Nome do evento", "Nome evento", "Gebeurtenisnaam", "Naam van gebeurtenis"),
    ),
    "event_date": (
        *("event_date", "Date", "Date + hour (YYYYMMDDHH)", "Date hour", "Datum", "Fecha", "Data"),
        *("Datum + Stunde (JJJJMMTT)", "Datum + Stunde (JJJJMMTTSS)", "Date + heure (AAAAMMJJHH)"),
    ),
    "source": (
        *("source", "Session source", "Session source / medium", "Session manual source", "Sitzung – Quelle"),
        *("Sitzung – Quelle/Medium", "Source de la session", "Source/Support de la session", "Fuente de la sesión"),
        *("Fuente/medio de la sesión", "Origem da sessão", "Origem / mídia da sessão", "Sorgente sessione"),
        *("Sorgente/mezzo sessione", "Sessiebron", "Sessiebron/-medium"),
    ),
    "revenue_amount": (
        *("revenue_amount", "Purchase revenue", "Total revenue", "Revenue", "Kaufumsatz", "Umsatz aus Käufen"),
        *("Gesamtumsatz", "Revenus des achats", "Revenu des achats", "Total des revenus", "Revenu total"),
        *("Ingresos por compras", "Ingresos de compra", "Ingresos totales", "Total de ingresos", "Receita de compras"),
        *("Receita da compra", "Receita total", "Entrate da acquisti", "Entrate di acquisto", "Entrate totali"),
        *("Aankoopopbrengst", "Opbrengst uit aankopen", "Totale opbrengst"),
    ),
    "gross": ("Gross purchase revenue", "Bruttokaufumsatz", "Bruttoumsatz aus Käufen"),
    "refunded": (
        *("Refund amount", "Erstattungsbetrag", "Montant du remboursement", "Importe del reembolso"),
        *("Importe de reembolso", "Valor do reembolso", "Importo rimborso", "Importo del rimborso"),
        *("Terugbetalingsbedrag", "Terugbetaald bedrag"),
    ),
    "currency": ("currency", "Currency code", "Currency", "Währung", "Devise", "Moneda", "Moeda", "Valuta"),
    "content_draft_id": ("content_draft_id",),
    "external_id": ("external_id",),
    "transaction_id": (
        *("Transaction ID", "Transaktions-ID", "ID de transaction", "ID de transacción", "ID de la transacción"),
        *("ID da transação", "ID transazione", "Transactie-ID"),
    ),
    "customer_key": ("customer_key", "User ID", "Effective user ID", "User-ID", "Nutzer-ID"),
    "utm_source": (
        *("utm_source", "Session manual source", "Session source", "Session source / medium", "Sitzung – Quelle"),
        *("Sitzung – Quelle/Medium", "Source de la session", "Source/Support de la session", "Fuente de la sesión"),
        *("Fuente/medio de la sesión", "Origem da sessão", "Origem / mídia da sessão", "Sorgente sessione"),
        *("Sorgente/mezzo sessione", "Sessiebron", "Sessiebron/-medium"),
    ),
    "utm_medium": (
        *("utm_medium", "Session manual medium", "Session medium", "Session source / medium", "Sitzung – Medium"),
        *("Sitzung – Quelle/Medium", "Support de la session", "Source/Support de la session", "Medio de la sesión"),
        *("Fuente/medio de la sesión", "Mídia da sessão", "Origem / mídia da sessão", "Mezzo sessione"),
        *("Sorgente/mezzo sessione", "Sessiemedium", "Sessiebron/-medium"),
    ),
    "utm_campaign": (
        *("utm_campaign", "Session manual campaign name", "Session campaign", "Session campaign name"),
        *("Sitzung – Kampagne", "Campagne de la session", "Campaña de la sesión", "Campanha da sessão"),
        *("Campagna sessione", "Sessiecampagne"),
    ),
    "utm_content": ("utm_content", "Session manual ad content", "Manual ad content"),
    "link_url": ("link_url", "Landing page + query string", "Page location"),
    "count": ("count",),
    "event_count": (
        *("Event count", "Ereignisanzahl", "Anzahl Ereignisse", "Nombre d'événements", "Número de eventos"),
        *("Recuento de eventos", "Contagem de eventos", "Conteggio eventi", "Aantal gebeurtenissen"),
    ),
    "purchases": (
        *("Ecommerce purchases", "E-commerce purchases", "Transactions", "Purchases", "E-Commerce-Käufe", "Käufe"),
        *("Transaktionen", "Achats e-commerce", "Achats", "Compras de comercio electrónico", "Compras"),
        *("Transacciones", "Compras de e-commerce", "Transações", "Acquisti e-commerce", "Acquisti", "Transazioni"),
        *("E-commerceaankopen", "Aankopen", "Transacties"),
    ),
    "key_events": (
        *("Key events", "Conversions", "Schlüsselereignisse", "Événements clés", "Eventos clave"),
        *("Conversiones", "Eventos principais", "Eventos-chave", "Conversões", "Eventi chiave", "Conversioni"),
        *("Belangrijke gebeurtenissen", "Conversies", "Conversionen"),
    ),
}
SHOPIFY: Mapping[str, tuple[str, ...]] = {
    "event_date": ("Created at",),
    "revenue_amount": ("Total",),
    "currency": ("Currency",),
    "transaction_id": ("Name",),
    "customer_key": ("Email",),
    "status": ("Financial Status",),
    "refunded": ("Refunded Amount",),
    "refunded_on": ("Cancelled at",),
    "outstanding": ("Outstanding Balance",),
}
# These columns contain a source and a medium.
SOURCE_AND_MEDIUM = (
    *("Session source / medium", "Sitzung – Quelle/Medium", "Source/Support de la session"),
    *("Fuente/medio de la sesión", "Origem / mídia da sessão", "Sorgente/mezzo sessione", "Sessiebron/-medium"),
)
# Headings that occur only in the user's own files.
OWN = ("event_type", "event_date", "external_id", "revenue_amount", "customer_key")
# The label of the total row of a report, in several languages.
GRAND_TOTALS = frozenset(
    {
        *("grand total", "total", "totals", "subtotal", "gesamtsumme", "gesamt", "summe", "insgesamt", "total général"),
        *("totaux", "total general", "totales", "suma total", "total geral", "totais", "totale", "totale complessivo"),
        *("totali", "eindtotaal", "totaal", "totalen"),
    }
)
# Google Analytics writes these for an unknown value.
BLANKS = frozenset(
    {
        *("", "-", "(not set)", "(none)", "(not provided)", "(data not available)", "(nicht festgelegt)"),
        *("(non défini)", "(no establecido)", "(não definido)", "(non impostato)", "(niet ingesteld)"),
    }
)
# Words that suggest money or counts in an unknown heading.
MONEY_WORDS = (
    *("revenue", "amount", "total", "price", "value", "gross", "refund", "tax", "shipping", "discount", "balance"),
    *("umsatz", "betrag", "preis", "wert", "summe", "erstattung", "steuer", "montant", "revenu", "prix", "chiffre"),
    *("ingreso", "importe", "precio", "receita", "valor", "preço", "entrate", "ricav", "importo", "prezzo"),
    *("opbrengst", "omzet", "bedrag", "prijs"),
)
COUNT_WORDS = (
    *("count", "events", "conversions", "purchases", "transactions", "orders", "quantity", "sessions", "leads"),
    *("anzahl", "ereignisse", "käufe", "transaktionen", "bestellungen", "menge", "sitzungen", "nombre", "achats"),
    *("commandes", "quantité", "cantidad", "compras", "pedidos", "eventos", "quantidade", "acquisti", "ordini"),
    *("quantità", "eventi", "aantal", "aankopen", "bestellingen", "clicks", "klicks"),
)
PEOPLE_WORDS = (
    *("users", "purchasers", "buyers", "customers", "nutzer", "käufer", "kunden", "utilisateurs", "acheteurs"),
    *("usuarios", "compradores", "usuários", "utenti", "acquirenti", "gebruikers", "kopers"),
)
