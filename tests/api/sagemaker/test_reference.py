from pathlib import Path

from api.sagemaker.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "sagemaker.md"


def test_the_committed_page_lists_what_is_offered() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "run: python -m api.sagemaker.reference > docs/reference/sagemaker.md"
    )
