"""Names emoji by what people mean with them.

VADER scores an emoji by the words of its official name: 🔥 is "fire" and negative, ❤ and 👏 have no value. Each of these
emoji counts as a word of VADER's lexicon instead. The choice is Sophia's own.
"""

_BY_WORD = {
    "love": "❤♥❣💛💙💚💜🧡🖤🤍🤎💖💕💗💓💞💘💝🥰😍🤩😻",
    "great": "🔥💯🙌👏💪🏆",
    "good": "👍👌✅",
    "celebrate": "🎉🥳🎊🎂",
    "nice": "✨🌟⭐😊☺",
    "thanks": "🙏🤗",
    "angry": "😡🤬😠",
    "bad": "👎",
    "sad": "💔😔😞",
    "disgusting": "🤮🤢💩",
    "annoying": "🙄😒😤",
}
EMOJI_WORDS = {emoji: word for word, emojis in _BY_WORD.items() for emoji in emojis}
