"""MLflow's registry on SQLite, its default store, in an environment of its own: a command a line in, seconds a line out."""

import json
import logging
import sys
import time

from mlflow import MlflowClient

NAME, ALIAS, PAGE = "churn", "champion", 100


def main() -> None:
    logging.disable(logging.INFO)
    store, versions = f"sqlite:///{sys.argv[1]}", int(sys.argv[2])
    client = MlflowClient(tracking_uri=store, registry_uri=store)
    client.create_registered_model(NAME)
    for number in range(versions):
        client.create_model_version(NAME, source=f"s3://models/churn/{number}")
    client.set_registered_model_alias(NAME, ALIAS, str(versions // 2))
    tokens: list[str | None] = [None]
    while len(tokens) < versions // PAGE:
        tokens.append(client.search_model_versions(f"name='{NAME}'", PAGE, page_token=tokens[-1]).token)

    def register() -> None:
        client.create_model_version(NAME, source="s3://models/churn/new")

    def page(number: int) -> None:
        found = client.search_model_versions(f"name='{NAME}'", PAGE, page_token=tokens[number])
        assert len(found) == PAGE

    work = {
        "register": register,
        "first": lambda: page(0),
        "last": lambda: page(-1),
        "alias": lambda: client.get_model_version_by_alias(NAME, ALIAS),
    }
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        began = time.perf_counter()
        work[line.strip()]()
        print(json.dumps(time.perf_counter() - began), flush=True)


if __name__ == "__main__":
    main()
