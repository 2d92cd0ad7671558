"""AWS Signature Version 4, from the side of the service: who signed a request, and whether the signature is theirs.

    >>> signature = read(request)                      # doctest: +SKIP
    >>> secret = secrets[signature.key_id]             # doctest: +SKIP
    >>> Verifier().check(signature, secret, request, now=now, regions={"us-east-1"}, services={"sagemaker"})  # doctest: +SKIP

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. The rules are those of every
service but S3: the path is normalised and encoded once more, and the payload has to be signed.
"""

from api.signatures.checking import SKEW, Verifier
from api.signatures.reading import ALGORITHM, Signature, read
from api.signatures.requests import SignedRequest

__all__ = ["ALGORITHM", "SKEW", "Signature", "SignedRequest", "Verifier", "read"]
