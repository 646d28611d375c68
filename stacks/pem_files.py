"""pem_files: certificates that a config gives, as a path or as they are.

Not here: kubeconfigs (components/_adopt.py), our own certificates (components/_certificates.py).
"""

from pathlib import Path

from core.errors import InvalidInputError

_BEGIN = "-----BEGIN CERTIFICATE-----"


def certificates(given: str, path: str) -> str:
    """Return the certificates, PEM.

    Args:
        given: Path of a PEM file, relative to the project, or its content.
        path: The key that it stands in, for errors.

    Raises:
        InvalidInputError: the file can't be read, or holds no certificate.
    """
    remedy = "give the path of a PEM file, or its content"
    text = given
    if _BEGIN not in given:
        try:
            text = Path(given).expanduser().read_text(encoding="ascii")
        except OSError as error:
            problem = f"the file can't be read ({error.strerror})"
            raise InvalidInputError(path, problem, given, remedy) from error
        except UnicodeDecodeError as error:
            raise InvalidInputError(path, "the file is not PEM", given, remedy) from error
    if _BEGIN not in text:
        raise InvalidInputError(path, "has no certificate", given, remedy)
    return text
