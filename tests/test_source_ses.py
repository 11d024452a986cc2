import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from contactledger.errors import BadEvent, BadInput, TooLarge, Unverified
from contactledger.events import Event
from contactledger.sources import AmazonSES
from contactledger.sources.ses import TOLERANCE_SECONDS
from contactledger.vocabulary import Auth, By, SignalKind
from tests.ledgers import SMITH
from tests.providers import BOB, ISO, NOW, basic_is_checked, dumps, on_record, told_once

TOPIC = "arn:aws:sns:eu-central-1:123456789012:ses"
CERT_URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a1b.pem"
KEY, OTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
CARLA = "carla@smith.example"


def certificate(key=KEY, days=30) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(NOW - timedelta(days=30))
        .not_valid_after(NOW + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM)


PEM = certificate()


def event(word="Bounce", name="eventType", to=(BOB,), **more) -> dict:
    mail = {
        "timestamp": "2026-03-02T11:00:00.000Z",
        "messageId": "m-1",
        "destination": list(to),
        "headers": [{"name": "Message-ID", "value": "<m1@acme.example>"}],
        "tags": {"contactledger": ["tok"]},
    }
    return {name: word, "mail": mail} | more


def sns(inner, **more) -> dict:
    message = inner if isinstance(inner, str) else dumps(inner).decode()
    return {
        "Type": "Notification",
        "MessageId": "sns-1",
        "TopicArn": TOPIC,
        "Message": message,
        "Timestamp": "2026-03-02T12:00:09.000Z",
        "SigningCertURL": CERT_URL,
    } | more


def signed(message, version="2", key=KEY) -> bytes:
    names = (
        "Message",
        "MessageId",
        "Subject",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    )
    text = "".join(f"{n}\n{message[n]}\n" for n in names if n in message)
    algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()
    signature = base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), algorithm)).decode()
    return dumps(message | {"Signature": signature, "SignatureVersion": version})


def parse(inner) -> list[Event]:
    return AmazonSES().parse({"Content-Type": "text/plain; charset=UTF-8"}, dumps(sns(inner)))


# --- authenticity ------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("more", [{}, {"Subject": "Amazon SES Email Event Notification"}])
def test_both_versions_of_the_signature_hold_for_a_pinned_topic(version, more):
    body = signed(sns(event(), **more), version)
    for given in (PEM, PEM.decode(), lambda url: PEM if url == CERT_URL else b""):
        source = AmazonSES(certificate=given, topics=("arn:other", TOPIC))
        assert source.verify({}, body, None, NOW) is Auth.SIGNED_BODY


CONFIRM = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=a:b&Token=x"


def test_a_confirmation_is_signed_too_and_gives_the_address_to_fetch_if_it_is_amazons():
    asked = sns(
        "You have chosen to subscribe",
        Type="SubscriptionConfirmation",
        Token="t",
        SubscribeURL=CONFIRM,
    )
    source = AmazonSES(certificate=PEM, topics=TOPIC)
    assert source.verify({}, signed(asked), None, NOW) is Auth.SIGNED_BODY
    assert source.confirmation(signed(asked)) == CONFIRM
    assert source.parse({}, signed(asked)) == []
    for url in (
        "https://evil.example/?Action=ConfirmSubscription&a=b",
        CONFIRM.replace(".com/", ".com.evil/"),
        5,
    ):
        assert source.confirmation(dumps(asked | {"SubscribeURL": url})) is None
    assert source.confirmation(dumps(sns(event()))) is None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"no json", "is no message of SNS"),
        (signed(sns(event(), TopicArn="arn:aws:sns:eu-central-1:666:theirs")), "not of a topic"),
        (signed(sns(event()), key=OTHER), "does not hold"),
        (signed(sns(event())).replace(b"m-1", b"m-2"), "does not hold"),
        (
            signed(sns(event()), "2").replace(
                b'"SignatureVersion": "2"', b'"SignatureVersion": "1"'
            ),
            "does not hold",
        ),
        (
            signed(sns(event())).replace(b'Version": "2"', b'Version": "3"'),
            "version of the signature",
        ),
        (dumps(sns(event(), SignatureVersion="2")), "does not hold"),
        (
            signed(sns(event(), SigningCertURL="http://sns.eu-central-1.amazonaws.com/a.pem")),
            "not at an address",
        ),
        (
            signed(
                sns(
                    event(),
                    SigningCertURL="https://sns.eu-central-1.amazonaws.com.evil.example/a.pem",
                )
            ),
            "not at an address",
        ),
        (
            signed(
                sns(
                    event(),
                    SigningCertURL="https://evil.example/sns.eu-central-1.amazonaws.com/a.pem",
                )
            ),
            "not at an address",
        ),
        (
            signed(sns(event(), SigningCertURL="https://s3.eu-central-1.amazonaws.com/a.pem")),
            "not at an address",
        ),
        (signed(sns(event(), SigningCertURL=5)), "not at an address"),
    ],
)
def test_a_forged_message_is_unverified(body, why):
    with pytest.raises(Unverified, match=why):
        AmazonSES(certificate=PEM, topics=TOPIC).verify({}, body, None, NOW)


def test_a_certificate_must_be_one_of_rsa_and_valid_when_the_message_was_signed():
    body = signed(sns(event()))
    expired = AmazonSES(certificate=certificate(days=-1), topics=TOPIC)
    with pytest.raises(Unverified, match="was not valid when the message was signed"):
        expired.verify({}, body, None, NOW)
    earlier = signed(sns(event(), Timestamp=(NOW - timedelta(days=2)).isoformat()))
    patient = AmazonSES(certificate=certificate(days=-1), topics=TOPIC, tolerance_seconds=None)
    assert patient.verify({}, earlier, None, NOW) is Auth.SIGNED_BODY
    with pytest.raises(BadInput, match="certificate: is no certificate in PEM"):
        AmazonSES(certificate=lambda _: "", topics=TOPIC).verify({}, body, None, NOW)
    elliptic = certificate(ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(BadInput, match="certificate: must hold an RSA key"):
        AmazonSES(certificate=elliptic, topics=TOPIC).verify({}, body, None, NOW)
    with pytest.raises(BadInput, match="topics: a signature proves Amazon alone"):
        AmazonSES(certificate=PEM)


def test_credentials_are_checked_beside_and_a_topic_may_be_pinned_without_a_signature():
    basic_is_checked(AmazonSES, dumps(sns(event())), {})
    assert AmazonSES(topics=TOPIC).verify({}, dumps(sns(event())), None, NOW) is Auth.NONE


@pytest.mark.parametrize(
    ("seconds", "why"),
    [
        (-TOLERANCE_SECONDS - 1, "is too old"),
        (3_601, "is ahead of our clock"),
        (None, "is no time"),
    ],
)
def test_a_message_posted_again_later_is_stale_whatever_its_signature(seconds, why):
    source = AmazonSES(certificate=PEM, topics=TOPIC)
    stamp = 5 if seconds is None else (NOW + timedelta(seconds=seconds)).isoformat()
    message = sns(event()) | {"Timestamp": stamp}
    body = dumps(message) if seconds is None else signed(message)
    with pytest.raises(Unverified, match=why):
        source.verify({}, body, None, NOW)
    at_the_limit = (NOW - timedelta(seconds=TOLERANCE_SECONDS)).isoformat()
    held = signed(sns(event(), Timestamp=at_the_limit))
    assert source.verify({}, held, None, NOW) is Auth.SIGNED_BODY


# --- the chain ---------------------------------------------------------------------------------


def issued(name, key, by=None, ca=None, hosts=(), days=(-10, 10)):
    """(certificate, its PEM) of a key, signed by (certificate, key), else by itself."""
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signer = (own, key) if by is None else (by[0].subject, by[1])
    made = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca is not None, ca), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .add_extension(usage(ca is not None), critical=True)
    )
    if hosts:
        made = made.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(h) for h in hosts]), critical=False
        ).add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    certificate = made.sign(signer, hashes.SHA256())
    return certificate, certificate.public_bytes(Encoding.PEM).decode()


def usage(ca):
    words = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    )
    on = {"key_cert_sign", "crl_sign"} if ca else {"digital_signature", "key_encipherment"}
    return x509.KeyUsage(**{word: word in on for word in words.split()})


ROOT_KEY, MIDDLE_KEY = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)
)
ROOT, ROOT_PEM = issued("Root", ROOT_KEY, ca=1)
MIDDLE, MIDDLE_PEM = issued("Middle", MIDDLE_KEY, (ROOT, ROOT_KEY), ca=0)
VOUCHED = (MIDDLE, MIDDLE_KEY)
_, OTHER_ROOT_PEM = issued("Root", OTHER, ca=1)


def leaf(*hosts, by=VOUCHED, **more) -> str:
    return issued("sns.amazonaws.com", KEY, by, hosts=hosts, **more)[1]


def chained(certificate, roots=ROOT_PEM, at=NOW, url=CERT_URL) -> Auth:
    body = signed(sns(event(), Timestamp=at.isoformat(), SigningCertURL=url))
    source = AmazonSES(
        certificate=lambda _: certificate, roots=roots, topics=TOPIC, tolerance_seconds=None
    )
    return source.verify({}, body, None, NOW)


@pytest.mark.parametrize(
    "roots", [ROOT_PEM, ROOT_PEM.encode(), (OTHER_ROOT_PEM, ROOT_PEM), OTHER_ROOT_PEM + ROOT_PEM]
)
def test_a_certificate_that_leads_to_a_given_root_holds(roots):
    assert chained(leaf("sns.amazonaws.com") + MIDDLE_PEM, roots) is Auth.SIGNED_BODY
    assert chained(leaf("sns.amazonaws.com") + MIDDLE_PEM + OTHER_ROOT_PEM, roots)


def test_an_intermediate_may_be_the_root_since_sns_serves_the_leaf_alone():
    assert chained(leaf("sns.amazonaws.com"), MIDDLE_PEM) is Auth.SIGNED_BODY


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-central-1", "sns.amazonaws.com"),
        ("af-south-1", "sns-signing.af-south-1.amazonaws.com"),
        ("af-south-1", "sns.af-south-1.amazonaws.com"),
        ("us-gov-east-1", "sns-us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "sns-cn-north-1.amazonaws.com.cn"),
    ],
)
def test_the_certificate_is_for_sns_in_the_region_of_its_address(region, host):
    end = ".cn" if region.startswith("cn-") else ""
    url = f"https://sns.{region}.amazonaws.com{end}/SimpleNotificationService-0a1b.pem"
    assert chained(leaf(host) + MIDDLE_PEM, url=url) is Auth.SIGNED_BODY


def test_the_whole_chain_is_judged_at_the_time_of_the_message():
    certificate = leaf("sns.amazonaws.com") + MIDDLE_PEM
    assert chained(certificate, at=NOW - timedelta(days=9)) is Auth.SIGNED_BODY
    old = issued("Middle", MIDDLE_KEY, (ROOT, ROOT_KEY), ca=0, days=(-10, -5))[1]
    assert chained(leaf("sns.amazonaws.com") + old, at=NOW - timedelta(days=6))
    with pytest.raises(Unverified, match="leads to none of the roots"):
        chained(leaf("sns.amazonaws.com") + old, at=NOW - timedelta(days=4))


NO_CA = issued("Middle", MIDDLE_KEY, (ROOT, ROOT_KEY), hosts=("evil.example",))[1]


@pytest.mark.parametrize(
    ("certificate", "roots", "why"),
    [
        (leaf("sns.amazonaws.com") + MIDDLE_PEM, OTHER_ROOT_PEM, "leads to none of the roots"),
        (leaf("sns.amazonaws.com"), ROOT_PEM, "leads to none of the roots"),
        (leaf("sns.amazonaws.com", by=None), ROOT_PEM, "leads to none of the roots"),
        (leaf("sns.amazonaws.com") + NO_CA, ROOT_PEM, "leads to none of the roots"),
        (leaf("evil.example") + MIDDLE_PEM, ROOT_PEM, "is for somebody else"),
        (leaf("sns.us-east-1.amazonaws.com") + MIDDLE_PEM, ROOT_PEM, "is for somebody else"),
        (leaf() + MIDDLE_PEM, ROOT_PEM, "is for somebody else"),
    ],
)
def test_a_certificate_that_nobody_vouches_for_or_that_is_anothers_is_unverified(
    certificate, roots, why
):
    with pytest.raises(Unverified, match=why):
        chained(certificate, roots)


def test_roots_that_are_none_are_named():
    with pytest.raises(BadInput, match="roots: is no certificate in PEM"):
        AmazonSES(certificate=PEM, topics=TOPIC, roots="no")


# --- reading -----------------------------------------------------------------------------------


def test_a_bounce_is_read_whole_with_its_own_time():
    bounce = {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [
            {"emailAddress": BOB, "diagnosticCode": "smtp; 550 no"},
            {"emailAddress": CARLA},
        ],
        "timestamp": ISO,
    }
    body = dumps(sns(event(bounce=bounce, to=(BOB, CARLA, "x@y.example"))))
    wanted = Event(
        SignalKind.BOUNCED,
        NOW,
        By.UNKNOWN,
        "amazon_ses",
        token="tok",
        provider_id="m-1",
        message_id="<m1@acme.example>",
        address=BOB,
        word="Bounce",
        permanent=True,
        reason="smtp; 550 no",
        said_at=ISO,
        original=body,
        extra={"sns_message_id": "sns-1"},
    )
    first, second = AmazonSES().parse({}, body)
    assert first == wanted
    assert (second.address, second.reason) == (CARLA, "Permanent: General")


@pytest.mark.parametrize(
    ("word", "more", "what", "addresses", "reason"),
    [
        ("Send", {"send": {}}, SignalKind.SENT, [BOB, CARLA], None),
        (
            "Delivery",
            {"delivery": {"recipients": [BOB], "smtpResponse": "250 OK"}},
            SignalKind.DELIVERED,
            [BOB],
            "250 OK",
        ),
        (
            "Reject",
            {"reject": {"reason": "Bad content"}},
            SignalKind.REJECTED,
            [BOB, CARLA],
            "Bad content",
        ),
        (
            "Rendering Failure",
            {"failure": {"errorMessage": "x"}},
            SignalKind.REJECTED,
            [BOB, CARLA],
            "x",
        ),
        (
            "DeliveryDelay",
            {
                "deliveryDelay": {
                    "delayType": "MailboxFull",
                    "delayedRecipients": [{"emailAddress": BOB}],
                }
            },
            SignalKind.DEFERRED,
            [BOB],
            "MailboxFull",
        ),
        (
            "Complaint",
            {
                "complaint": {
                    "complainedRecipients": [{"emailAddress": BOB}],
                    "complaintFeedbackType": "abuse",
                }
            },
            SignalKind.COMPLAINED,
            [BOB],
            "abuse",
        ),
        ("Open", {"open": {}}, SignalKind.OPENED, [None], None),
        ("Click", {"click": {}}, SignalKind.CLICKED, [None], None),
        (
            "Complaint",
            {
                "complaint": {
                    "complainedRecipients": [{"emailAddress": BOB}, {"emailAddress": CARLA}]
                }
            },
            SignalKind.COMPLAINED,
            [None],
            None,
        ),
        (
            "Subscription",
            {"subscription": {"newTopicPreferences": {"unsubscribeAll": True}}},
            SignalKind.UNSUBSCRIBED,
            [None],
            None,
        ),
        (
            "Subscription",
            {"subscription": {"newTopicPreferences": {"unsubscribeAll": False}}},
            SignalKind.UNKNOWN,
            [None],
            None,
        ),
        ("A word to come", {}, SignalKind.UNKNOWN, [BOB, CARLA], None),
    ],
)
def test_each_word_has_its_meaning_and_names_whom_it_concerns(word, more, what, addresses, reason):
    events = parse(event(word, to=(BOB, CARLA), **more))
    assert [(e.what, e.address, e.reason, e.word) for e in events] == [
        (what, a, reason, word) for a in addresses
    ]
    assert {e.at for e in events} == {datetime(2026, 3, 2, 11, tzinfo=UTC)}  # the mail's, not SNS's


def test_the_only_recipient_of_a_message_is_the_one_who_opened_it():
    opened = {"open": {"timestamp": ISO, "ipAddress": "192.0.2.7", "userAgent": "Mozilla/5.0"}}
    (e,) = parse(event("Open", **opened))
    assert (e.address, e.at, e.ip, e.user_agent) == (BOB, NOW, "192.0.2.7", "Mozilla/5.0")
    (e,) = parse(event("Click", click={"link": "https://acme.example/x"}))
    assert e.url == "https://acme.example/x"


def test_ids_may_be_missing_and_the_token_be_in_the_header():
    mail = {"destination": [], "headers": [{"name": "X-Contactledger", "value": "t2"}]}
    (e,) = parse({"eventType": "Send", "mail": mail})
    assert (e.token, e.message_id, e.address, e.at) == ("t2", None, None, None)
    (e,) = parse(
        {
            "eventType": "Send",
            "mail": {"tags": {"contactledger": []}, "commonHeaders": {"messageId": "<a@b>"}},
        }
    )
    assert (e.token, e.message_id) == (None, "<a@b>")


MIME = b"From: bob@smith.example\r\nIn-Reply-To: <m1@acme.example>\r\n\r\nYes.\r\n"


def received(**more) -> dict:
    mail = {
        "messageId": "r-1",
        "headers": [{"name": "From", "value": BOB}],
        "headersTruncated": False,
    }
    return {
        "notificationType": "Received",
        "mail": mail,
        "receipt": {"action": {"encoding": "UTF8"}},
    } | more


def test_a_message_that_came_in_is_read_by_the_rules_of_mail():
    coded = {
        "content": base64.b64encode(MIME).decode(),
        "receipt": {"action": {"encoding": "BASE64"}},
    }
    for inner in (received(content=MIME.decode()), received(**coded)):
        (e,) = parse(inner)
        assert (e.what, e.event_id, e.in_reply_to, e.original) == (
            SignalKind.ANSWERED,
            "r-1",
            "<m1@acme.example>",
            MIME,
        )
    with pytest.raises(BadEvent, match="content: is not base64"):
        parse(received(**coded | {"content": "?"}))


def test_of_a_message_laid_into_s3_the_headers_are_read_if_they_are_whole():
    (e,) = parse(received())
    assert (e.what, e.message.sender, e.message.text) == (SignalKind.ANSWERED, BOB, None)
    for mail in ({"messageId": "r-1"}, received()["mail"] | {"headersTruncated": True}):
        (e,) = parse(received(mail=mail))
        assert (e.what, e.message, e.word, e.event_id) == (
            SignalKind.UNKNOWN,
            None,
            "Received",
            "r-1",
        )


def test_an_event_about_more_people_than_ses_sends_to_is_refused():
    with pytest.raises(TooLarge, match="1001 recipients are over the 1000"):
        parse(event("Send", to=[f"p{n}@s.example" for n in range(1_001)]))


def test_raw_delivery_and_lambdas_records_are_the_same_events():
    inner = event("Send", send={})
    raw = AmazonSES().parse({"x-amz-sns-rawdelivery": "true"}, dumps(inner))
    record = AmazonSES().parse({}, dumps({"Records": [{"Sns": sns(inner)}]}))
    for (e,) in (raw, record):
        assert (e.what, e.address, e.provider_id) == (SignalKind.SENT, BOB, "m-1")
    (e,) = AmazonSES().parse(
        {},
        dumps(
            {"Records": [{"ses": {k: v for k, v in received().items() if k != "notificationType"}}]}
        ),
    )
    assert e.message.sender == BOB


def test_what_is_no_event_gives_none_or_is_named():
    assert parse("Successfully validated SNS topic for Amazon SES event publishing.") == []
    assert parse({}) == []
    with pytest.raises(BadEvent, match="Message: is no event of Amazon SES"):
        parse("Hello from SNS!")
    with pytest.raises(BadEvent, match="Message: must be a text"):
        AmazonSES().parse({}, b'{"Type": "Notification"}')
    with pytest.raises(BadEvent, match=r"bounce\.bouncedRecipients\[1\]: must be a JSON object"):
        parse(event(bounce={"bouncedRecipients": [{}, 5]}))


# --- its habits --------------------------------------------------------------------------------


def test_a_notification_and_a_published_event_are_one_fact_though_sns_gives_them_two_ids():
    ledger, touch = on_record(provider_id="m-1")
    delivery = {"delivery": {"recipients": [BOB], "timestamp": ISO}}
    told_once(ledger, AmazonSES(), {}, dumps(sns(event("Delivery", **delivery))))
    twin = dumps(
        sns(
            event("Delivery", "notificationType", **delivery),
            MessageId="sns-2",
            Timestamp="2026-03-02T12:01:00Z",
        )
    )
    receipt = ledger.receive(AmazonSES(), {}, twin)
    assert (receipt.recorded, receipt.repeated) == ((), 1)
    opened = dumps(sns(event("Open", to=(BOB, CARLA), open={"timestamp": ISO})))
    (entry,) = ledger.receive(AmazonSES(), {}, opened).recorded
    assert (entry.fact.touch, entry.fact.person) == (touch.id, None)
    assert ledger.entries(SMITH)[-1] == entry
