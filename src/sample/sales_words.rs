//! What is written down while selling: notes of calls, and why things were done. The business offers tills and
//! bookkeeping to small shops.

use super::people::Words;

pub(super) const ENQUIRY: Words = Words {
    en: &[
        "asked for an offer",
        "asked for a free month",
        "wants to be called back",
        "left a card at the trade fair",
        "read about us in the newsletter",
        "recommended by another shop",
    ],
    ko: &[
        "견적을 요청함",
        "무료 체험을 신청함",
        "전화 상담을 요청함",
        "박람회에서 명함을 남김",
        "소식지를 보고 문의함",
        "다른 매장에서 추천함",
    ],
};

pub(super) const FIRST_NOTE: Words = Words {
    en: &[
        "Introduced the service. Runs two small shops and has used paper lists so far.",
        "Asked what a till costs per month and whether the drawer is included.",
        "Interested, but the partner decides as well.",
        "Wants to see it on a tablet before deciding anything.",
        "Compares us with two other offers; price matters most.",
        "Opens a café in spring and needs everything by then.",
        "Little time today, asked for the main points in writing.",
        "Uses an old till that no longer prints; wants to change soon.",
    ],
    ko: &[
        "서비스를 소개함. 매장 두 곳을 종이 장부로 운영 중.",
        "월 이용료와 금전함 포함 여부를 물어봄.",
        "관심은 있으나 동업자와 함께 결정해야 한다고 함.",
        "결정 전에 태블릿에서 직접 보고 싶어 함.",
        "다른 업체 두 곳과 비교 중. 가격이 가장 중요함.",
        "봄에 카페를 열 예정이라 그 전에 설치를 원함.",
        "오늘은 바빠서 핵심만 글로 보내 달라고 함.",
        "쓰던 기계가 영수증을 못 뽑아서 빨리 바꾸고 싶어 함.",
    ],
};

pub(super) const AGAIN_NOTE: Words = Words {
    en: &[
        "Sent the price list and two examples.",
        "Went through the contract together; no objections.",
        "Asked about training for new staff.",
        "Would rather pay by the year if that is cheaper.",
        "Showed the stock count; liked that it works offline.",
        "Wants to know how long the installation takes.",
        "Asked whether old sales can be brought over.",
        "Still waiting for the landlord's answer about the new shop.",
        "Needs a second drawer; changed the offer.",
        "Happy with the trial, some questions about refunds.",
        "The accountant has questions about the tax report.",
        "Asked for a reference from the same street.",
    ],
    ko: &[
        "가격표와 예시 두 가지를 보냄.",
        "계약서를 함께 검토함. 이의 없음.",
        "신입 직원 교육에 대해 물어봄.",
        "더 저렴하다면 연간 결제를 원함.",
        "재고 조사를 보여 줌. 인터넷 없이도 되는 점을 좋아함.",
        "설치에 얼마나 걸리는지 궁금해함.",
        "예전 매출 자료를 옮길 수 있는지 물어봄.",
        "새 매장 건으로 건물주 답변을 아직 기다리는 중.",
        "금전함이 하나 더 필요하여 견적을 수정함.",
        "체험에 만족함. 환불 처리에 대해 몇 가지 질문.",
        "세무사가 부가세 자료에 대해 문의함.",
        "같은 골목의 사용 매장을 소개해 달라고 함.",
    ],
};

pub(super) const KEPT_NOTE: Words = Words {
    en: &[
        "Reached as agreed; has read the offer.",
        "As agreed: the partner said yes in principle.",
        "Spoke at the agreed time, wants one more change to the offer.",
        "Answered at once; will decide after the holiday.",
        "Had prepared a list of questions, all answered.",
        "Short call: likes it, but still compares prices.",
        "Was in the shop and asked to see the report once more.",
    ],
    ko: &[
        "약속한 시간에 연락됨. 제안서를 읽어 봄.",
        "약속대로 연락함. 동업자도 원칙적으로 동의함.",
        "약속한 시간에 상담함. 견적을 한 번 더 수정하기로 함.",
        "바로 연락됨. 연휴가 지나고 결정하겠다고 함.",
        "질문 목록을 준비해 두어 모두 답변함.",
        "짧게 통화함. 마음에 들지만 가격을 더 비교하는 중.",
        "매장에서 통화함. 보고서를 한 번 더 보고 싶어 함.",
    ],
};

pub(super) const MISSED_NOTE: Words = Words {
    en: &[
        "Nobody answered at the agreed time; reached only now.",
        "Tried twice on the agreed day. Apologised today, was ill.",
        "We missed the agreed day; customer took it well.",
    ],
    ko: &[
        "약속한 시간에 받지 않아 이제야 연락됨.",
        "약속한 날 두 번 시도함. 오늘 연락되어 아팠다고 함.",
        "우리 쪽에서 약속한 날을 놓침. 고객이 이해해 줌.",
    ],
};

pub(super) const PAYMENT_NOTE: Words = Words {
    en: &[
        "Reminded of the payment deadline.",
        "The invoice had gone to an old address; sent it again.",
        "Will pay as soon as the owner is back.",
    ],
    ko: &["결제 기한을 다시 안내함.", "청구서가 옛 주소로 가서 다시 보냄.", "사장님이 돌아오는 대로 결제하겠다고 함."],
};

pub(super) const FAILURE_NOTE: Words = Words {
    en: &[
        "Told about the failed payment; will use another card.",
        "Will pay by transfer instead.",
        "Did not know about it; calls the bank and pays again.",
    ],
    ko: &[
        "결제 실패를 안내함. 다른 카드를 쓰기로 함.",
        "계좌 이체로 결제하기로 함.",
        "모르고 있었다고 함. 은행에 확인 후 다시 결제하기로 함.",
    ],
};

pub(super) const FIRST_REASON: Words =
    Words { en: &["answering the enquiry", "new on the list"], ko: &["문의에 답변", "신규 문의"] };

pub(super) const AGAIN_REASON: Words = Words {
    en: &["asked for details", "open question from last time", "asked to be called"],
    ko: &["자세한 설명 요청", "지난번 질문에 대한 답변", "연락 요청"],
};

pub(super) const KEPT_REASON: Words =
    Words { en: &["called as agreed", "the day we agreed on"], ko: &["약속한 연락", "약속한 날"] };

pub(super) const MISSED_REASON: Words = Words {
    en: &["follow-up overdue", "not reached on the agreed day"],
    ko: &["약속한 날이 지남", "약속한 날 연락되지 않음"],
};

pub(super) const PENDING_REASON: Words = Words {
    en: &["payment still open", "question about the invoice"],
    ko: &["결제 대기 중", "청구서 관련 질문"],
};

pub(super) const FAILURE_REASON: Words = Words { en: &["the payment failed"], ko: &["결제가 실패함"] };

pub(super) const FOLLOWUP_REASON: Words = Words {
    en: &["wants to think about it", "partner is away", "asks again after payday", "too busy today", "wants a visit"],
    ko: &["생각해 보겠다고 함", "동업자가 부재중", "월급날 이후에 다시 연락", "오늘은 바쁨", "방문 상담을 원함"],
};

pub(super) const POSTPONED_REASON: Words = Words {
    en: &["asked for a later day", "moved by a week"],
    ko: &["더 늦은 날로 변경 요청", "한 주 미룸"],
};

pub(super) const NAME_REASON: Words = Words {
    en: &["name misspelt", "name misheard on the phone"],
    ko: &["이름 오타", "통화 중 이름을 잘못 들음"],
};

pub(super) const DIGITS_REASON: Words =
    Words { en: &["two digits swapped"], ko: &["전화번호 두 자리가 바뀜"] };

pub(super) const NEW_PHONE_REASON: Words = Words {
    en: &["has a new number", "prefers the shop's number"],
    ko: &["번호가 바뀜", "매장 번호로 연락 요청"],
};

pub(super) const ORDER_REASON: Words = Words {
    en: &["accepted the offer", "wants to start next week", "signed the contract", "took the yearly plan"],
    ko: &["제안을 수락함", "다음 주부터 사용하기로 함", "계약서에 서명함", "연간 요금제를 선택함"],
};

pub(super) const AGAIN_ORDER_REASON: Words = Words {
    en: &["wants to pay after all", "asked for a second attempt"],
    ko: &["다시 결제하기로 함", "재시도 요청"],
};

pub(super) const PAID_REASON: Words = Words {
    en: &["transfer received", "card charged", "paid by direct debit"],
    ko: &["입금 확인", "카드 승인", "자동 이체 완료"],
};

/// Stands in the payload, as the bank reports it.
pub(super) const BANK_SAYS: &[&str] =
    &["card expired", "not enough balance", "refused by the bank", "daily limit reached"];
pub(super) const NO_TRANSFER: &str = "no transfer by the deadline";

pub(super) const FAILED_REASON: Words =
    Words { en: &["charged as agreed", "asked the bank"], ko: &["약속대로 결제 시도", "은행에 요청"] };

pub(super) const OVERDUE_REASON: Words =
    Words { en: &["the payment deadline has passed"], ko: &["결제 기한이 지남"] };

pub(super) const SAID_NO: Words = Words {
    en: &["chose another vendor", "too expensive", "closes the shop", "no need after all", "not before next year"],
    ko: &["다른 업체를 선택함", "가격이 부담됨", "매장을 정리함", "필요하지 않게 됨", "내년에 다시 검토"],
};

pub(super) const NEVER_ANSWERED: Words = Words {
    en: &["no longer answers", "silent for weeks"],
    ko: &["연락이 닿지 않음", "오랫동안 답이 없음"],
};

pub(super) const CLOSED_REASON: Words = Words {
    en: &["said so in the last call", "agreed with the customer"],
    ko: &["마지막 통화에서 확인", "고객과 협의함"],
};

pub(super) const TIDIED_REASON: Words =
    Words { en: &["monthly tidying of open leads"], ko: &["월말 미응답 정리"] };

pub(super) const UNDO_CONTACT: Words = Words {
    en: &["logged on the wrong lead", "logged twice"],
    ko: &["다른 고객 통화를 잘못 기록함", "두 번 기록됨"],
};

pub(super) const UNDO_FOLLOWUP: Words = Words {
    en: &["customer asks not to be called", "set for the wrong day"],
    ko: &["전화를 원하지 않음", "날짜를 잘못 잡음"],
};

pub(super) const UNDO_DETAILS: Words = Words {
    en: &["corrected the wrong lead", "was right before"],
    ko: &["다른 고객 정보를 수정함", "이전 정보가 맞음"],
};

pub(super) const UNDO_ORDER: Words = Words {
    en: &["wrong plan ordered", "withdrew within the day"],
    ko: &["요금제를 잘못 주문함", "당일 철회"],
};

pub(super) const UNDO_PAYMENT: Words = Words {
    en: &["charged twice, money returned", "charged back by the bank"],
    ko: &["이중 결제로 환불", "은행 지급 취소"],
};

pub(super) const UNDO_FAILURE: Words =
    Words { en: &["the bank booked it a day late"], ko: &["은행 처리가 하루 늦음"] };

pub(super) const UNDO_CLOSE: Words = Words {
    en: &["wrote again and wants the offer", "closed by mistake"],
    ko: &["다시 문의하여 상담 재개", "실수로 종료함"],
};

pub(super) const UNDO_BEGIN: Words = Words {
    en: &["a test entry", "the same person is another lead"],
    ko: &["시험 입력", "다른 건과 같은 고객"],
};

pub(super) const LATE_PAYMENT: Words =
    Words { en: &["transfer arrived after the lead was closed"], ko: &["종료된 뒤에 입금됨"] };

pub(super) const UNORDERED_PAYMENT: Words =
    Words { en: &["paid a quote without ordering"], ko: &["주문 없이 견적 금액을 입금함"] };

pub(super) const COURTESY_CALL: Words =
    Words { en: &["courtesy call, logged in the old tool"], ko: &["안부 전화를 예전 도구에 기록함"] };

pub(super) const FORM_AGAIN: Words =
    Words { en: &["sent the form a second time"], ko: &["신청서를 한 번 더 보냄"] };

pub(super) const BACKDATED: Words =
    Words { en: &["entered afterwards from paper"], ko: &["종이 메모를 나중에 입력함"] };
