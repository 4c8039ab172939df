"""All experiments on one page: every number on it stands in the JSON beside it.

`gather` measures and collects, `page` draws the HTML page, `markdown` and `pdf` the other forms.
"""
