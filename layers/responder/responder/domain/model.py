"""What is checked when it is read: a model whose checks are made when it is first used.

A function imports dozens of models and reads a handful. To make the checks of all of them took a
fifth of a cold start.
"""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """What every model of ours is. A test makes the checks of each, so none is wrong unseen."""

    model_config = ConfigDict(defer_build=True)
