"""Panels that a learner works with keyboard, mouse or finger: controls, a picture, a line of words.

``panel`` joins described controls to a function that answers them, ``pad`` is a sheet on which a digit is drawn, and ``front``
holds what both have in common: the link to the page. The page's side is in ``static/``: plain ES modules, no build step, no
network. Where anywidget or a page is missing, a still picture stands in the place of each.
"""
