//! What customers and agents write in tickets, and why things were done. Each question has its answer, so that a
//! conversation makes sense wherever it ends.

use super::people::Words;

/// A text in English and in Korean.
pub(super) type Pair = (&'static str, &'static str);

/// A conversation: the subject, then questions and answers in turn.
pub(super) struct Topic {
    pub subject: Pair,
    pub turns: [(Pair, Pair); 3],
}

pub(super) const TOPICS: &[Topic] = &[
    Topic {
        subject: ("Invoice shows our old address", "청구서에 옛 주소가 표시됩니다"),
        turns: [
            (
                (
                    "The invoice of this month still shows our old address. Could you send a corrected one?",
                    "이번 달 청구서에 아직 옛 주소가 나옵니다. 수정해서 다시 보내 주실 수 있나요?",
                ),
                (
                    "I have entered the new address and sent you the corrected invoice.",
                    "새 주소를 등록하고 수정된 청구서를 보내 드렸습니다.",
                ),
            ),
            (
                (
                    "Thank you. Now the tax number is missing on it, though.",
                    "감사합니다. 그런데 이번에는 사업자 번호가 빠져 있네요.",
                ),
                (
                    "You are right, it was lost with the change. A new copy with the number is on its way.",
                    "네, 변경하면서 누락되었습니다. 번호가 들어간 청구서를 다시 보내 드렸습니다.",
                ),
            ),
            (
                (
                    "Will the coming invoices have both without my asking?",
                    "다음 청구서부터는 따로 요청하지 않아도 둘 다 나오나요?",
                ),
                ("Yes, both are kept with your account from now on.", "네, 이제 계정에 저장되어 자동으로 표시됩니다."),
            ),
        ],
    },
    Topic {
        subject: ("Cannot sign in on my new phone", "새 휴대폰에서 로그인이 안 됩니다"),
        turns: [
            (
                (
                    "I changed my phone yesterday and the code for signing in never arrives.",
                    "어제 휴대폰을 바꿨는데 로그인 인증번호가 오지 않습니다.",
                ),
                (
                    "The code still went to the old number. It goes to the one in your account now, please try again.",
                    "인증번호가 예전 번호로 가고 있었습니다. 계정의 번호로 바꿔 두었으니 다시 시도해 주세요.",
                ),
            ),
            (
                (
                    "It works on the phone now. The tablet in the shop is signed out as well.",
                    "휴대폰은 됩니다. 그런데 매장 태블릿도 로그아웃되어 있어요.",
                ),
                (
                    "That happens once after a change of number. Sign in there with the same code and it stays.",
                    "번호 변경 후 한 번만 그렇습니다. 같은 방법으로 로그인하시면 유지됩니다.",
                ),
            ),
            (
                ("Can my colleague keep a login of her own?", "직원이 따로 쓰는 아이디도 만들 수 있나요?"),
                (
                    "Of course. I have sent her an invitation to the address in your account.",
                    "물론입니다. 등록된 주소로 초대장을 보내 드렸습니다.",
                ),
            ),
        ],
    },
    Topic {
        subject: ("Receipts come out blank", "영수증이 빈 종이로 나옵니다"),
        turns: [
            (
                (
                    "Since this morning every receipt is blank. The paper is new.",
                    "오늘 아침부터 영수증이 모두 하얗게 나옵니다. 용지는 새것입니다.",
                ),
                (
                    "Most often the roll sits the wrong way round: the shiny side has to face the print head.",
                    "용지가 뒤집혀 있는 경우가 많습니다. 매끄러운 면이 인쇄부를 향해야 합니다.",
                ),
            ),
            (
                ("It prints again, but the last line is cut off.", "이제 인쇄는 되는데 마지막 줄이 잘립니다."),
                (
                    "I have raised the feed by two lines in your settings. It applies after restarting the till.",
                    "설정에서 여백을 두 줄 늘렸습니다. 포스를 다시 켜면 적용됩니다.",
                ),
            ),
            (
                ("Could the opening hours be printed at the bottom too?", "아래쪽에 영업시간도 넣을 수 있을까요?"),
                (
                    "Yes: under Settings, Receipt, Footer. I have put in the hours from your account as a start.",
                    "네, 설정의 영수증 하단에서 가능합니다. 계정에 있는 영업시간을 먼저 넣어 두었습니다.",
                ),
            ),
        ],
    },
    Topic {
        subject: ("Stock list stops halfway", "재고 목록 가져오기가 중간에 멈춥니다"),
        turns: [
            (
                (
                    "Our stock list has 1,200 lines and the import stops at 640 without a word.",
                    "재고 목록이 1,200줄인데 640줄에서 아무 말 없이 멈춥니다.",
                ),
                (
                    "Line 641 has a comma inside the price. I have corrected your file and attached it here.",
                    "641번째 줄 가격에 쉼표가 들어 있었습니다. 파일을 수정해서 첨부했습니다.",
                ),
            ),
            (
                (
                    "All lines are in now. Some articles appear twice.",
                    "이제 다 들어왔습니다. 그런데 몇몇 상품이 두 번 나옵니다.",
                ),
                (
                    "Those had been created by hand before. I have merged them by article number.",
                    "이전에 직접 등록하신 상품입니다. 상품 번호 기준으로 합쳐 두었습니다.",
                ),
            ),
            (
                (
                    "Is there a way to see beforehand what an import would do?",
                    "가져오기 전에 결과를 미리 볼 수 있나요?",
                ),
                (
                    "There is: choose Preview in the import window. It lists every line that would change.",
                    "네, 가져오기 창에서 미리 보기를 누르시면 바뀌는 줄이 모두 표시됩니다.",
                ),
            ),
        ],
    },
    Topic {
        subject: ("Charged twice this month", "이번 달에 두 번 결제되었습니다"),
        turns: [
            (
                (
                    "My card shows two charges for this month, a minute apart.",
                    "이번 달 요금이 1분 간격으로 두 번 결제되었습니다.",
                ),
                (
                    "I see both. The second is being returned and reaches your card within three working days.",
                    "두 건 모두 확인했습니다. 두 번째 결제는 취소했으며 영업일 3일 안에 환불됩니다.",
                ),
            ),
            (
                ("The money is back. What made it happen?", "환불되었습니다. 왜 이런 일이 생긴 건가요?"),
                (
                    "The bank answered late and our system asked a second time. That repeat is switched off now.",
                    "은행 응답이 늦어 시스템이 한 번 더 요청했습니다. 지금은 재요청을 꺼 두었습니다.",
                ),
            ),
            (
                ("Could I have that in writing for my accountant?", "세무사에게 보낼 확인서를 받을 수 있을까요?"),
                ("The letter is in your account under Documents.", "계정의 문서함에 확인서를 올려 두었습니다."),
            ),
        ],
    },
    Topic {
        subject: ("Add a second shop", "두 번째 매장을 추가하고 싶습니다"),
        turns: [
            (
                (
                    "We open a second shop next month. Can both share one list of articles?",
                    "다음 달에 두 번째 매장을 엽니다. 상품 목록을 함께 쓸 수 있나요?",
                ),
                (
                    "They can. I have added the shop to your account; prices may differ per shop if you like.",
                    "가능합니다. 계정에 매장을 추가했고, 매장마다 가격을 다르게 둘 수도 있습니다.",
                ),
            ),
            (
                (
                    "Good. And one report for both at the end of the day?",
                    "좋네요. 하루 마감 보고서도 하나로 볼 수 있나요?",
                ),
                (
                    "Yes, choose All shops above the report. Each shop keeps its own as well.",
                    "네, 보고서 위에서 전체 매장을 선택하시면 됩니다. 매장별 보고서도 그대로 있습니다.",
                ),
            ),
            (
                ("What would a third one cost?", "세 번째 매장은 비용이 어떻게 되나요?"),
                ("The same as the second. The price list is attached.", "두 번째와 같습니다. 가격표를 첨부했습니다."),
            ),
        ],
    },
    Topic {
        subject: ("Very slow in the evening", "저녁에 너무 느립니다"),
        turns: [
            (
                (
                    "Between seven and nine every sale takes ten seconds. Guests are waiting.",
                    "저녁 7시에서 9시 사이에 결제 한 건에 10초씩 걸립니다. 손님들이 기다립니다.",
                ),
                (
                    "Your shop's backup ran at seven. I have moved it to four in the morning.",
                    "매장 백업이 7시에 돌고 있었습니다. 새벽 4시로 옮겼습니다.",
                ),
            ),
            (
                ("Better, but the search for articles still drags.", "나아졌지만 상품 검색은 아직 느립니다."),
                (
                    "The list of articles had lost its index; it is rebuilt now. A search takes a moment only.",
                    "상품 색인이 손상되어 다시 만들었습니다. 이제 바로 검색됩니다.",
                ),
            ),
            (
                (
                    "Tonight was fine. Will you keep an eye on it?",
                    "오늘 저녁은 괜찮았습니다. 계속 지켜봐 주실 수 있나요?",
                ),
                (
                    "We do: a notice reaches us as soon as a sale takes longer than two seconds.",
                    "네, 결제가 2초를 넘으면 저희에게 바로 알림이 옵니다.",
                ),
            ),
        ],
    },
    Topic {
        subject: ("Discount is not applied", "할인이 적용되지 않습니다"),
        turns: [
            (
                (
                    "The ten per cent for regular guests is missing on some receipts.",
                    "단골 10% 할인이 일부 영수증에 빠져 있습니다.",
                ),
                (
                    "It was limited to drinks. I have opened it to all articles, as your order says.",
                    "음료에만 적용되어 있었습니다. 주문하신 대로 모든 상품으로 넓혔습니다.",
                ),
            ),
            (
                ("Now gift cards are discounted too, that is too much.", "이제 상품권까지 할인되는데 그건 곤란합니다."),
                (
                    "Gift cards are exempt again. Two sales of today were affected; they are listed in the note below.",
                    "상품권은 다시 제외했습니다. 오늘 영향을 받은 두 건은 아래 메모에 적었습니다.",
                ),
            ),
            (
                ("Can I set such exceptions myself?", "이런 예외를 제가 직접 설정할 수 있나요?"),
                ("Yes, under Prices, Discounts, Exceptions.", "네, 가격 메뉴의 할인 예외에서 하실 수 있습니다."),
            ),
        ],
    },
    Topic {
        subject: ("Report for the accountant", "세무사에게 보낼 자료"),
        turns: [
            (
                (
                    "Our accountant needs the sales of last year by tax rate.",
                    "세무사가 작년 매출을 세율별로 요청했습니다.",
                ),
                (
                    "The report is under Reports, Taxes. I have prepared last year's and sent you the link.",
                    "보고서 메뉴의 세금에 있습니다. 작년 자료를 만들어 링크를 보내 드렸습니다.",
                ),
            ),
            (
                ("She cannot open the file.", "세무사가 파일을 열지 못한다고 합니다."),
                (
                    "I have added it as a plain table, which any office program reads.",
                    "어떤 프로그램에서도 열리는 일반 표로 다시 올렸습니다.",
                ),
            ),
            (
                ("That worked. Can she get it every quarter?", "잘 됩니다. 분기마다 자동으로 받을 수 있을까요?"),
                (
                    "It is set up: on the second of each quarter, to her address.",
                    "매 분기 2일에 세무사 주소로 발송되도록 설정했습니다.",
                ),
            ),
        ],
    },
];

/// What may be asked once a topic is settled.
pub(super) const MORE_TURNS: &[(Pair, Pair)] = &[
    (
        ("One more thing: can I see who changed a price?", "한 가지 더요. 가격을 누가 바꿨는지 볼 수 있나요?"),
        (
            "Yes, every article has a History tab with names and times.",
            "네, 상품마다 이력 탭에서 이름과 시간을 보실 수 있습니다.",
        ),
    ),
    (
        ("How do I print yesterday's closing again?", "어제 마감 영수증을 다시 출력하려면 어떻게 하나요?"),
        (
            "Under Reports, Closings: pick the day and press Print.",
            "보고서의 마감 메뉴에서 날짜를 고르고 출력을 누르시면 됩니다.",
        ),
    ),
    (
        ("Could you also change the shop's name on the receipts?", "영수증의 매장 이름도 바꿔 주실 수 있나요?"),
        ("It is changed; the till takes it over within the hour.", "바꿔 두었습니다. 한 시간 안에 포스에 반영됩니다."),
    ),
    (
        (
            "The card reader asks for an update. Is it safe to do that now?",
            "카드 단말기가 업데이트를 요청합니다. 지금 해도 될까요?",
        ),
        (
            "Yes, it takes three minutes. Please leave it plugged in meanwhile.",
            "네, 3분 정도 걸립니다. 그동안 전원을 연결해 두세요.",
        ),
    ),
    (
        ("Is there a short guide for new staff?", "신입 직원용 간단한 안내서가 있나요?"),
        (
            "There is, four pages. I have put it under Documents in your account.",
            "네 쪽짜리 안내서가 있습니다. 계정의 문서함에 올려 두었습니다.",
        ),
    ),
    (
        (
            "Can a sale be moved to another day if the till was offline?",
            "포스가 오프라인이었다면 매출을 다른 날로 옮길 수 있나요?",
        ),
        (
            "It moves by itself: sales made offline keep the time at which they were made.",
            "자동으로 처리됩니다. 오프라인 매출은 실제 판매 시각으로 기록됩니다.",
        ),
    ),
];

/// For conversations that go on for months: `{n}` is the number of the branch.
pub(super) const LONG_SUBJECT: Pair = ("Moving our branches over", "지점 전환 작업");

pub(super) const LONG_TURNS: &[(Pair, Pair)] = &[
    (
        (
            "Branch {n} counts its stock tonight. May they begin at eight?",
            "{n}호점이 오늘 밤 재고 조사를 합니다. 8시에 시작해도 될까요?",
        ),
        (
            "Yes. The old till of branch {n} is locked from half past seven.",
            "네, {n}호점의 이전 포스는 7시 30분부터 잠깁니다.",
        ),
    ),
    (
        ("Branch {n} reports a price that differs from the list.", "{n}호점에서 목록과 다른 가격이 있다고 합니다."),
        (
            "Corrected. Branch {n} had an offer of its own that ended last week.",
            "수정했습니다. {n}호점에 지난주 끝난 자체 할인이 남아 있었습니다.",
        ),
    ),
    (
        ("Branch {n} needs one more login for the weekend.", "{n}호점에 주말용 아이디가 하나 더 필요합니다."),
        (
            "Done, the invitation for branch {n} went to the manager there.",
            "완료했습니다. {n}호점 점장님께 초대장을 보냈습니다.",
        ),
    ),
    (
        ("The sales of branch {n} are missing for yesterday.", "어제 {n}호점 매출이 보이지 않습니다."),
        (
            "The line of branch {n} was down; everything has come in by now.",
            "{n}호점 회선이 끊겼던 것으로, 지금은 모두 들어왔습니다.",
        ),
    ),
    (
        (
            "Branch {n} is finished on our side. What comes next?",
            "{n}호점은 저희 쪽 준비가 끝났습니다. 다음은 무엇인가요?",
        ),
        (
            "Branch {n} is checked and live. We go on with the next one on your list.",
            "{n}호점 확인을 마치고 전환했습니다. 목록의 다음 지점으로 넘어가겠습니다.",
        ),
    ),
];

pub(super) const CHASE: Words = Words {
    en: &[
        "Has anyone had a look at this yet?",
        "It still happens. Please let me know when I can expect an answer.",
        "I could use a short word on where this stands.",
    ],
    ko: &[
        "혹시 확인해 보셨나요?",
        "아직 같은 문제가 있습니다. 언제쯤 답변을 받을 수 있을까요?",
        "진행 상황을 간단히 알려 주시면 좋겠습니다.",
    ],
};

pub(super) const HOLD: Words = Words {
    en: &[
        "A short update: a colleague is checking one more thing, then it is done.",
        "One addition: nothing needs to be done on your side.",
        "I have also put a note into your account, so that you need not explain it again.",
    ],
    ko: &[
        "진행 상황을 알려 드립니다. 동료가 한 가지를 더 확인하고 있습니다.",
        "덧붙이자면 고객님께서 따로 하실 일은 없습니다.",
        "다시 설명하지 않으셔도 되도록 계정에 메모를 남겨 두었습니다.",
    ],
};

pub(super) const ANSWER_CHASE: Words = Words {
    en: &[
        "Thank you for your patience. It is corrected now; please try once more.",
        "We have found and removed the cause.",
    ],
    ko: &["기다려 주셔서 감사합니다. 수정되었으니 다시 한번 확인해 주세요.", "원인을 찾아 해결했습니다."],
};

pub(super) const BACK_AGAIN: Words = Words {
    en: &["It is back again since this morning.", "One thing is still open, so I open this again."],
    ko: &["오늘 아침부터 같은 문제가 다시 생겼습니다.", "아직 해결되지 않은 것이 있어 다시 엽니다."],
};

pub(super) const THANKS: Words = Words {
    en: &["That solved it. Thank you!", "Works now, thanks for the quick help.", "Perfect, you may close this."],
    ko: &["해결되었습니다. 감사합니다!", "이제 잘 됩니다. 빠른 도움 고맙습니다.", "좋습니다. 종료하셔도 됩니다."],
};

pub(super) const OPENED_REASON: Words = Words {
    en: &["asked through the help page", "asked from the till"],
    ko: &["도움말에서 문의", "포스에서 문의"],
};
pub(super) const ASSIGNED_REASON: Words =
    Words { en: &["next in line", "knows the customer"], ko: &["다음 순번", "담당 고객"] };
pub(super) const SHIFT_REASON: Words =
    Words { en: &["end of shift", "on leave from tomorrow"], ko: &["근무 교대", "내일부터 휴가"] };
pub(super) const MOVED_REASON: Words =
    Words { en: &["escalated and not opened in time"], ko: &["에스컬레이션 후 제때 열람하지 않음"] };
pub(super) const RAISED_REASON: Words = Words {
    en: &["sales are affected", "the customer cannot wait"],
    ko: &["영업에 지장이 있음", "고객이 기다리기 어려움"],
};
pub(super) const LOWERED_REASON: Words = Words {
    en: &["a way around is known", "not urgent, says the customer"],
    ko: &["임시 방법이 있음", "급하지 않다고 함"],
};
pub(super) const ESCALATED_REASON: Words = Words {
    en: &["no answer within the promised time", "waiting since yesterday, the shop is open"],
    ko: &["약속한 시간 안에 답변이 없음", "어제부터 기다리고 있으며 영업 중임"],
};
pub(super) const SOLVED_REASON: Words = Words { en: &["solved"], ko: &["해결됨"] };
pub(super) const SELF_SOLVED_REASON: Words = Words {
    en: &["solved it ourselves", "settled on the telephone"],
    ko: &["직접 해결함", "전화로 해결함"],
};
pub(super) const QUIET_REASON: Words =
    Words { en: &["no answer for seven days"], ko: &["7일 동안 답변이 없음"] };
pub(super) const MANAGER_REASON: Words =
    Words { en: &["settled with the customer in person"], ko: &["고객과 직접 협의하여 마무리"] };
pub(super) const REOPENED_REASON: Words = Words { en: &["the problem came back"], ko: &["문제가 다시 발생함"] };

pub(super) const UNDO_MESSAGE: Words =
    Words { en: &["written into the wrong ticket"], ko: &["다른 문의에 잘못 작성함"] };
pub(super) const UNDO_PRIORITY: Words =
    Words { en: &["changed on the wrong ticket"], ko: &["다른 문의의 우선순위를 바꿈"] };
pub(super) const UNDO_AGENT: Words =
    Words { en: &["the first agent is back already"], ko: &["이전 담당자가 복귀함"] };
pub(super) const UNDO_ESCALATION: Words = Words {
    en: &["asked for by mistake", "answered by telephone meanwhile"],
    ko: &["실수로 요청함", "그 사이 전화로 답변받음"],
};
pub(super) const UNDO_CLOSING: Words =
    Words { en: &["the wrong ticket was closed"], ko: &["다른 문의를 종료함"] };
pub(super) const UNDO_OPENING: Words =
    Words { en: &["the same question was sent twice"], ko: &["같은 문의가 두 번 접수됨"] };

pub(super) const WORD_AFTER_CLOSING: Words = Words {
    en: &["One more word, though the ticket is closed: all is well."],
    ko: &["종료된 뒤지만 한마디 남깁니다. 잘 되고 있습니다."],
};
pub(super) const LATE_MAIL: Words = Words { en: &["a mail that arrived late"], ko: &["늦게 도착한 메일"] };
pub(super) const CALLED_IN: Words = Words {
    en: &["called the manager, who escalated at once"],
    ko: &["점장이 전화하여 바로 에스컬레이션함"],
};
pub(super) const TIDIED_TOO_SOON: Words =
    Words { en: &["cleaned up before the holidays"], ko: &["연휴 전 일괄 정리"] };
