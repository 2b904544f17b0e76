"""Words and phrases that often mean an opt-out, and are no keyword: a person reads what they are in.

The languages are those of the keywords (`reference/api.md`, section 11), and German and Dutch. Case and accents make no difference.
"""

from __future__ import annotations

PHRASES_BY_LANGUAGE = {
    "English": (
        "stopp", "stop2end", "stop it", "no more", "remove me", "remove my number", "delete my number", "opt out", "optout",
        "unsub", "unsubscribed", "unsubscribing", "take me off", "leave me alone", "do not text", "don t text", "dont text",
        "do not contact", "don t contact", "dont contact", "do not message", "don t message", "not interested", "wrong number",
    ),
    "French": ("arreter", "arretez", "desabonner", "desabonnement", "desinscrire", "desinscription", "stopper", "plus de messages", "plus de sms"),
    "German": ("stopp", "abmelden", "abbestellen", "austragen", "aufhoren", "aufhören", "keine nachrichten", "keine sms", "keine werbung"),
    "Dutch": ("stoppen", "afmelden", "uitschrijven", "geen berichten", "geen sms"),
    "Spanish": ("baja", "alto", "basta", "cancelar", "darme de baja", "no mas", "no más", "no enviar", "no quiero"),
    "Portuguese": ("pare", "sair", "cancelar", "descadastrar", "remover", "não quero", "nao quero"),
    "Italian": ("basta", "fermare", "fermate", "cancellami", "cancellare", "disiscrivi", "disiscrivimi", "rimuovi", "rimuovimi", "smettila"),
    "Russian": ("стоп", "отписаться", "отписка", "отпишите", "хватит", "удалите", "остановите", "не пишите", "не присылайте"),
    "Polish": ("stopuj", "wypisz", "wypisuje", "wypisuję", "koniec", "anuluj", "rezygnuje", "rezygnuję", "nie wysyłaj", "nie wysylaj"),
}  # fmt: skip
SIGNS = ("🛑", "⛔", "🚫")
LOOKALIKES = str.maketrans({
    "\u0430": "a", "\u0441": "c", "\u0435": "e", "\u03b5": "e", "\u0456": "i", "\u043a": "k", "\u043c": "m", "\u043e": "o", "\u03bf": "o", "0": "o",
    "\u0440": "p", "\u03c1": "p", "\u0455": "s", "\u03c3": "s", "$": "s", "5": "s", "\u0442": "t", "\u03c4": "t", "\u0443": "y", "\u0445": "x",
})  # fmt: skip
"""Letters of Cyrillic and Greek, digits and signs that look like letters of keywords, in lower case."""
