//! The pages on paper, with their fonts in the file, their text to be selected and searched, and the data attached.

mod fonts;
mod sheets;

use memchr::memmem;
use pdf_writer::types::AssociationKind;
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use fonts::packed;
use sheets::{HEIGHT, Sheets, WIDTH, Weight, font_name};

use super::Drawn;
use super::document::Document;
use super::pages::Pages;

const CATALOG: Ref = Ref::new(1);
const TREE: Ref = Ref::new(2);
const INFO: Ref = Ref::new(3);
const ATTACHED: Ref = Ref::new(4);
const DATA: Ref = Ref::new(5);
const REGULAR: Ref = Ref::new(6);
const STRONG: Ref = Ref::new(11);
const FIRST_PAGE: i32 = 16;

const DATA_NAME: &str = "evidence.json";

pub(super) fn draw(document: &Document, pages: &Pages) -> Drawn {
    let mut sheets = Sheets::new();
    sheets.title(&pages.title);
    pages.blocks.iter().for_each(|block| sheets.block(block));
    sheets.feet(&format!("{} · {}", pages.title, document.key));

    let mut pdf = Pdf::new();
    let contents: Vec<Vec<u8>> =
        std::mem::take(&mut sheets.done).into_iter().map(|content| packed(content.finish().as_slice())).collect();
    let page = |n: usize| Ref::new(FIRST_PAGE + 2 * n as i32);
    let content = |n: usize| Ref::new(FIRST_PAGE + 2 * n as i32 + 1);

    let mut catalog = pdf.catalog(CATALOG);
    catalog.pages(TREE).lang(TextStr(document.language.tag()));
    catalog.viewer_preferences().display_doc_title(true);
    catalog.names().embedded_files().names().insert(Str(DATA_NAME.as_bytes()), ATTACHED);
    catalog.finish();
    pdf.document_info(INFO).title(TextStr(&pages.title)).producer(TextStr("Foldline"));
    pdf.pages(TREE).kids((0..contents.len()).map(page)).count(contents.len() as i32);
    for (n, bytes) in contents.iter().enumerate() {
        let mut sheet = pdf.page(page(n));
        sheet.parent(TREE).media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).contents(content(n));
        sheet.resources().fonts().pair(font_name(Weight::Regular), REGULAR).pair(font_name(Weight::Strong), STRONG);
        sheet.finish();
        pdf.stream(content(n), bytes).filter(Filter::FlateDecode);
    }
    sheets.regular.write(&mut pdf, REGULAR, "Pretendard-Regular");
    sheets.strong.write(&mut pdf, STRONG, "Pretendard-SemiBold");
    let mut attached = pdf.file_spec(ATTACHED);
    attached.path(Str(DATA_NAME.as_bytes())).unic_file(TextStr(DATA_NAME)).embedded_file_with_unicode(DATA);
    attached.association_kind(AssociationKind::Data);
    attached.finish();
    let data = document.to_json();
    let mut file = pdf.embedded_file(DATA, data.as_bytes());
    file.subtype(Name(b"application/json"));
    file.params().size(i32::try_from(data.len()).unwrap_or(i32::MAX));
    file.finish();
    let bytes = pdf.finish();
    let begin = memmem::find(&bytes, data.as_bytes()).unwrap_or_default();
    Drawn { data: begin..begin + data.len(), bytes }
}
