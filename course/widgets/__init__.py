"""Panels that a learner works with keyboard, mouse or finger: controls, a picture, a line of words.

``panel`` joins described controls to a function that answers them, ``digits`` makes a picture of the strokes of a pen, and
``front`` holds the link to the page. The page's side is in ``static/``: plain ES modules, no build step, no network. Where
anywidget or a page is missing, a still picture stands in the place of each. This room draws no picture: ``course.plot``, which
imports it, does, and ``course.drawing_pad`` joins the two.
"""
