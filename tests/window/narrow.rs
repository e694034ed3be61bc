//! In a small window what there is room for is whole, and what there is none for is not cut but left out.

use egui::epaint::Shape;
use egui::{Key, Modifiers, Rect, Role, pos2, vec2};
use egui_kittest::kittest::{NodeT, Queryable};

use crate::driver::Driver;

/// The texts that are cut off with a dot dot dot in this part of the window.
fn cut_in(driver: &Driver, around: Rect) -> Vec<String> {
    fn down(shape: &Shape, around: Rect, found: &mut Vec<String>) {
        match shape {
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| down(shape, around, found)),
            Shape::Text(text) if text.galley.elided && around.contains(text.visual_bounding_rect().center()) => {
                found.push(text.galley.text().to_owned());
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    driver.window.output().shapes.iter().for_each(|shape| down(&shape.shape, around, &mut found));
    found
}

/// What is told without being a button, and where.
fn labels(driver: &Driver) -> Vec<(String, Rect)> {
    let of_node = |node: egui_kittest::Node<'_>| {
        let told = node.accesskit_node();
        Some((told.label().or_else(|| told.value())?, node.rect()))
    };
    driver.window.query_all_by_role(Role::Label).filter_map(of_node).collect()
}

/// The sample in a window of this size, through the lens with this key.
fn seen_through(key: Key, width: f32, height: f32) -> Driver {
    let mut driver = Driver::at("lead-1");
    driver.window.set_size(vec2(width, height));
    driver.press_with(Modifiers::COMMAND, key);
    driver
}

#[test]
fn the_heading_of_the_views_is_whole() {
    let mut driver = seen_through(Key::Num2, 900.0, 600.0);
    for (heading, language) in [("Saved views", "한국어"), ("저장한 보기", "English")] {
        driver.wait_for(heading);
        let left = Rect::from_min_max(pos2(0.0, 48.0), pos2(240.0, 600.0));
        let cut = cut_in(&driver, left);
        assert!(!cut.iter().any(|text| text == heading), "{cut:?}");
        driver.click(language);
    }
}

#[test]
fn columns_without_room_are_told_and_can_be_brought_to_the_front() {
    let mut driver = seen_through(Key::Num2, 900.0, 600.0);
    driver.wait_for_part("columns have no room: ");
    driver.assert_hides("Sort by contacts");
    driver.window.get_by_label_contains("columns have no room: ").click();
    driver.settle();
    driver.click("Put contacts first");
    driver.assert_shows("Sort by contacts");
    driver.window.get_by_label_contains("have no room: ").click();
    driver.settle();
    driver.assert_hides("Put contacts first");
    driver.press(Key::Escape);
    driver.click_role(Role::Button, "Columns");
    driver.assert_shows("followups (no room)");
    driver.assert_shows("contacts");
    driver.press(Key::Escape);
    driver.window.set_size(vec2(2_400.0, 900.0));
    driver.settle();
    assert!(!driver.shows_part("no room"), "{}", driver.all_text());
}

#[test]
fn no_heading_of_the_panel_at_the_left_is_cut() {
    let headings = [
        (Key::Num2, ["Categories", "as of the cursor"], ["카테고리", "커서 시점 기준"]),
        (
            Key::Num3,
            ["Saved searches", "Changed values, in the latest 1,000"],
            ["저장한 검색", "최근 1,000건에서 바뀐 값"],
        ),
    ];
    for (key, english, korean) in headings {
        let mut driver = seen_through(key, 900.0, 600.0);
        for (told, language) in [(english, "한국어"), (korean, "English")] {
            for heading in told {
                driver.wait_for(heading);
            }
            let left = Rect::from_min_max(pos2(0.0, 48.0), pos2(170.0, 560.0));
            let cut = cut_in(&driver, left);
            assert!(!cut.iter().any(|text| told.contains(&text.as_str())), "{cut:?}");
            driver.click(language);
        }
    }
}

#[test]
fn what_the_store_holds_is_told_in_the_bar_on_top_in_whole_words() {
    for (width, key) in
        [900.0, 1024.0, 1100.0, 1280.0].into_iter().flat_map(|width| [(width, Key::Num1), (width, Key::Num2)])
    {
        let mut driver = seen_through(key, width, 700.0);
        for language in ["한국어", "English"] {
            let cut = cut_in(&driver, Rect::from_min_max(pos2(0.0, 0.0), pos2(width, 40.0)));
            assert!(!cut.iter().any(|text| text.contains('·')), "{width}: {cut:?}");
            driver.click(language);
        }
    }
}

#[test]
fn how_much_memory_is_taken_is_told_in_a_small_window_too() {
    for width in [900.0, 1024.0, 1280.0] {
        let mut driver = seen_through(Key::Num2, width, 700.0);
        driver.wait_for("Saved views");
        driver.step_until("the memory to be told", |driver| {
            let is_told = |(label, place): &(String, Rect)| label.contains(" MiB") && place.top() > 660.0;
            let mut told = labels(driver).into_iter().filter(is_told);
            told.any(|(_, place)| place.right() <= width)
        });
    }
}

#[test]
fn each_line_of_the_legend_below_the_audit_trail_has_room_for_its_words() {
    let mut driver = seen_through(Key::Num3, 1280.0, 800.0);
    driver.wait_for_part("newest first");
    driver.type_into("Search everything that happened", "lead");
    driver.press(Key::Enter);
    driver.wait_for_part("Found by the search, ");
    let is_line =
        |label: &str| label.rsplit_once(", ").is_some_and(|(_, count)| count.starts_with(|c: char| c.is_ascii_digit()));
    let is_here = |place: &Rect| place.left() < 244.0 && place.top() > 640.0;
    let told = labels(&driver).into_iter().filter(|(label, place)| is_line(label) && is_here(place));
    let mut lines: Vec<Rect> = told.map(|(_, place)| place).collect();
    lines.sort_by(|a, b| a.top().total_cmp(&b.top()));
    assert!(lines.len() > 2, "{lines:?}\n{}", driver.all_text());
    // Letters of 11.5 points take 14 with what is below and above them.
    assert!(lines.iter().all(|line| line.height() >= 14.0), "{lines:?}");
    assert!(lines.windows(2).all(|two| two[0].bottom() <= two[1].top() + 0.1), "{lines:?}");
}
