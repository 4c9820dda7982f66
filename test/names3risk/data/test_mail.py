from __future__ import annotations

from datetime import UTC, datetime

import pytest

from names3risk.data.mail import mail_row

MAIL = b"""\
Received: from a.example (a.example [192.0.2.1])
\tby b.example with SMTP id 1; Fri, 02 Aug 2002 22:52:32 +0100
Received: from c.example by a.example; Fri, 2 Aug 2002 12:00:00 -0500
From: "Offers, Best" <Best@Offers.example>
Reply-To: =?iso-8859-1?Q?Ren=E9?= <rene@reply.example>
To: one@x.example, Two <two@x.example>
Cc: three@x.example
Date: Fri, 02 Aug 2002 16:37:59 -0800
List-Id: a list <list.example>
Content-Type: text/html; charset="iso-8859-1"

BUY now!! http://a.example and HTTPS://b.example or www.c.example \xe9
"""


def with_headers(*lines: str, body: str = "hello") -> dict:
    return mail_row(("\n".join(lines) + "\n\n" + body).encode("utf-8", "surrogateescape"))


def test_what_a_mail_tells_of_its_sender():
    row = mail_row(MAIL)
    assert row == {
        "sender_name": "Offers, Best",
        "sender_address": "Best@Offers.example",
        "reply_to_name": "René",
        "reply_to_address": "rene@reply.example",
        "arrival_time": datetime(2002, 8, 2, 21, 52, 32, tzinfo=UTC),
        "marketplace": "AMERICAS",
        "content_type": "text/html",
        "recipient_count": 3,
        "received_count": 2,
        "attachment_count": 0,
        "body_length": 68,
        "url_count": 3,
        "exclamation_count": 2,
        "upper_case_share": pytest.approx(8 / 48),
        "hour_of_day": 16,
    }


def test_the_arrival_is_told_by_the_receiving_server_not_by_the_sender():
    received = "Received: from x by y; Mon, 1 Jul 2002 00:00:00 +0000"
    forged = "Date: Tue, 1 Jan 2030 00:00:00 +0000"
    assert with_headers(received, forged)["arrival_time"] == datetime(2002, 7, 1, tzinfo=UTC)
    assert with_headers(forged)["arrival_time"] == datetime(2030, 1, 1, tzinfo=UTC)
    assert with_headers("Received: from x by y", received)["arrival_time"] == datetime(2002, 7, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("offset", "marketplace"),
    [
        ("-0800", "AMERICAS"),
        ("-0300", "AMERICAS"),
        ("-0100", "EUROPE_AFRICA"),
        ("+0000", "EUROPE_AFRICA"),
        ("+0400", "EUROPE_AFRICA"),
        ("+0530", "ASIA_PACIFIC"),
        ("+1200", "ASIA_PACIFIC"),
    ],
)
def test_the_marketplace_is_where_the_clock_of_the_sender_points_to(offset, marketplace):
    assert with_headers(f"Date: Fri, 02 Aug 2002 16:37:59 {offset}")["marketplace"] == marketplace


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Fri, 99 Aug 2002 16:37:59 +0000", "Fri, 02 Aug 0000 00:00:00 +9999"]
)
def test_what_is_no_time_is_missing(date):
    row = with_headers(f"Date: {date}")
    assert row["arrival_time"] is None
    assert row["hour_of_day"] is None
    assert row["marketplace"] == "UNKNOWN"


@pytest.mark.parametrize(
    ("header", "name", "address"),
    [
        ("a@b.example", None, "a@b.example"),
        ("Ann Lee <a@b.example>", "Ann Lee", "a@b.example"),
        ("a@b.example (Ann Lee)", "Ann Lee", "a@b.example"),
        ("=?utf-8?B?w4lsYQ==?= <a@b.example>", "Éla", "a@b.example"),
        ("=?no-such-charset?Q?Ann?= <a@b.example>", "Ann", "a@b.example"),
        ("=?utf-8?B?broken!?= <a@b.example>", "=?utf-8?B?broken!?=", "a@b.example"),
        ("Ren\udce9 <a@b.example>", "René", "a@b.example"),
        ("Zoë <a@b.example>", "Zoë", "a@b.example"),
        ("Ann\n  Lee <a@b.example>", "Ann Lee", "a@b.example"),
        ("", None, None),
    ],
)
def test_names_and_addresses_of_every_spelling(header, name, address):
    row = with_headers(f"From: {header}")
    assert (row["sender_name"], row["sender_address"]) == (name, address)
    assert row["reply_to_name"] is None


def test_only_texts_count_as_body_and_files_as_attachments():
    row = with_headers(
        "Content-Type: multipart/mixed; boundary=XX",
        body="--XX\nContent-Type: text/plain\n\nab!\n--XX\nContent-Type: text/plain\n"
        "Content-Disposition: attachment; filename=a.txt\n\n!!!!\n--XX--\n",
    )
    assert (row["body_length"], row["exclamation_count"], row["attachment_count"]) == (3, 1, 1)
    assert row["content_type"] == "multipart/mixed"


def test_encoded_bodies_are_decoded_and_a_body_without_letters_has_no_share():
    row = with_headers("Content-Type: text/plain", "Content-Transfer-Encoding: base64", body="QUJjIQ==")
    assert (row["body_length"], row["upper_case_share"]) == (4, pytest.approx(2 / 3))
    assert with_headers("Subject: x", body="123")["upper_case_share"] is None
