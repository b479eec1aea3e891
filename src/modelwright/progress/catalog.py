"""The listeners that show progress, by the place they write to."""

DISPLAYS: dict[str, str] = {
    "terminal": "modelwright.progress.terminal:Terminal",
    "lines": "modelwright.progress.lines:Lines",
    "notebook": "modelwright.progress.notebook:Notebook",
    "events": "modelwright.progress.events:EventLines",
}
