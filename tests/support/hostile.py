"""Texts that break what is written carelessly."""

HOSTILE = [
    "</script>", "<lock>", "&#65;", '"', "'", "\\n", "\\N", "a\nb", "x" * 300, "철학자", "שלום", "%s", "]]>", "--", "\\",
    "#35;", "a;b", "end", "t0: evil", "`x`", "|", "{{}}", "$$x$$", "\x00", "\ud800",
]  # fmt: skip
