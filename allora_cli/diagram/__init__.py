"""Draws the architecture from the Terraform that the stacks make: `allora diagram`.

synthesis      runs main.py and reads its JSON
terraform      resources, and what their ${references} lead to
host           what the instance's user data says about the containers
architecture   from resources to boxes, cards and arrows
cards          what boxes, cards and arrows are
fonts          how wide a text is
layout         where everything comes
routes         where the arrows go
svg            the picture
"""
