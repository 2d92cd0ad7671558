"""The Cypher statements, one file a statement, in a folder per subject.

Statements are constant texts: values reach them as parameters only. The few whose text differs between the two
databases lie in `neo4j/` and `embedded/` under the same name.
"""

from functools import cache
from importlib.resources import files


@cache
def statement(name: str) -> str:
    """The text of the statement `name`, such as `"entity/read"`, without its comment lines.

    Raises:
        FileNotFoundError: no such statement exists.
    """
    path = files(__name__).joinpath(*f"{name}.cypher".split("/"))
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("//")).strip()
