"""The arithmetic of the one-file check agrees with a library about every signature."""

from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from responder_cli.verify_custody import is_signed

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SHA256 = ec.ECDSA(hashes.SHA256())


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signed") / "manifest.json"


def der_of(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def library_says(key: ec.EllipticCurvePublicKey, signature: bytes, body: bytes) -> bool:
    try:
        key.verify(signature, body, SHA256)
    except InvalidSignature:
        return False
    return True


@settings(max_examples=25)
@given(secret=st.integers(1, ORDER - 1), body=st.binary(max_size=200))
def test_what_a_key_signed_holds_and_nothing_else(path: Path, secret: int, body: bytes) -> None:
    key = ec.derive_private_key(secret, ec.SECP256R1())
    path.write_bytes(body)
    signature = key.sign(body, SHA256)
    assert is_signed(der_of(key.public_key()), signature, path)
    path.write_bytes(body + b" ")
    assert not is_signed(der_of(key.public_key()), signature, path)


@settings(max_examples=60)
@given(place=st.integers(0, 80), change=st.integers(1, 255))
def test_a_changed_byte_is_judged_as_the_library_does(path: Path, place: int, change: int) -> None:
    key, body = ec.derive_private_key(7, ec.SECP256R1()), b"what was kept"
    path.write_bytes(body)
    signature = bytearray(key.sign(body, SHA256))
    signature[place % len(signature)] ^= change
    agreed = library_says(key.public_key(), bytes(signature), body)
    assert is_signed(der_of(key.public_key()), bytes(signature), path) == agreed


@pytest.mark.parametrize(
    ("r", "s"),
    [(0, 1), (1, 0), (ORDER, 1), (1, ORDER), (ORDER + 1, 1), (1, 1), (1, ORDER - 1)],
)
def test_numbers_out_of_range_or_made_up_do_not_hold(path: Path, r: int, s: int) -> None:
    key = ec.derive_private_key(7, ec.SECP256R1())
    path.write_bytes(b"x")
    assert not is_signed(der_of(key.public_key()), encode_dss_signature(r, s), path)


def test_a_number_and_its_sum_with_the_order_are_two_signatures_of_which_one_holds(
    path: Path,
) -> None:
    key, body = ec.derive_private_key(7, ec.SECP256R1()), b"x"
    path.write_bytes(body)
    r, s = decode_dss_signature(key.sign(body, SHA256))
    assert is_signed(der_of(key.public_key()), encode_dss_signature(r, s), path)
    assert not is_signed(der_of(key.public_key()), encode_dss_signature(r, s + ORDER), path)


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP256K1()])
def test_a_key_of_another_curve_is_none(path: Path, curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve)
    path.write_bytes(b"x")
    assert not is_signed(der_of(key.public_key()), key.sign(b"x", SHA256), path)


def test_a_point_off_the_curve_is_no_key(path: Path) -> None:
    key = ec.derive_private_key(7, ec.SECP256R1())
    der = bytearray(der_of(key.public_key()))
    der[-1] ^= 1
    path.write_bytes(b"x")
    assert not is_signed(bytes(der), key.sign(b"x", SHA256), path)


@pytest.mark.parametrize(
    "signature",
    [b"", b"0", b"\x30\x00", b"\x30\x03\x02\x01\x01", b"\x30\x06" + b"\x02\x01\x01" * 3],
)
def test_what_is_no_signature_does_not_hold(path: Path, signature: bytes) -> None:
    path.write_bytes(b"x")
    key = ec.derive_private_key(7, ec.SECP256R1())
    assert not is_signed(der_of(key.public_key()), signature, path)
