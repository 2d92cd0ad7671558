from api.signatures.keys import SigningKeys, derive
from api.signatures.reading import Signature

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def scoped(
    key_id: str = "K", date: str = "20260303", region: str = "us-east-1", service: str = "sagemaker"
) -> Signature:
    return Signature(key_id, date, region, service, f"{date}T000000Z", ("host",), "0" * 64)


def test_the_published_signing_key() -> None:
    assert derive(SECRET, "20150830", "us-east-1", "iam").hex() == (
        "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
    )


def test_each_scope_has_its_key() -> None:
    keys = SigningKeys()
    scopes = [scoped(), scoped(key_id="L"), scoped(date="20260302"), scoped(region="eu-west-1"), scoped(service="sts")]
    for _ in range(2):
        for scope in scopes:
            assert keys.key(scope, SECRET) == derive(SECRET, scope.date, scope.region, scope.service)
    assert len(keys) == 5


def test_another_secret_of_the_same_key_id_is_never_taken_for_the_old_one() -> None:
    keys = SigningKeys()
    old = keys.key(scoped(), SECRET)
    new = keys.key(scoped(), SECRET + "2")
    assert new != old
    assert new == derive(SECRET + "2", "20260303", "us-east-1", "sagemaker")
    assert len(keys) == 1


def test_it_stays_small() -> None:
    keys = SigningKeys(limit=10)
    for number in range(100):
        keys.key(scoped(key_id=f"K{number}"), SECRET)
    assert len(keys) == 10


def test_yesterdays_are_dropped_the_day_after() -> None:
    keys = SigningKeys()
    keys.key(scoped(date="20260228"), SECRET)
    keys.key(scoped(date="20260301"), SECRET)
    assert len(keys) == 2
    keys.key(scoped(date="20260302"), SECRET)
    assert len(keys) == 2
    assert keys.key(scoped(date="20260225"), SECRET) == derive(SECRET, "20260225", "us-east-1", "sagemaker")
    assert len(keys) == 2


def test_a_revoked_key_is_forgotten() -> None:
    keys = SigningKeys()
    keys.key(scoped(), SECRET)
    keys.key(scoped(service="sts"), SECRET)
    keys.key(scoped(key_id="L"), SECRET)
    keys.forget("K")
    assert len(keys) == 1


def test_no_secret_is_kept() -> None:
    import pickle

    keys = SigningKeys()
    keys.key(scoped(), SECRET)
    assert SECRET.encode() not in pickle.dumps(keys.__dict__)
