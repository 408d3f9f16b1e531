//! Words that must not stand in code.

use super::source::{code_of, is_word};

/// `true` if the code holds this word, alone or before an exclamation mark if it ends in one.
pub fn has(code: &str, word: &str) -> bool {
    let is_macro = word.ends_with('!');
    let name = word.trim_end_matches('!');
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back().unwrap_or(' ');
        let after = code[at + name.len()..].chars().next().unwrap_or(' ');
        let whole = !is_word(before) && !is_word(after);
        whole && (!is_macro || after == '!')
    })
}

/// `true` if the code depends on a cargo feature.
pub fn has_feature(code: &str) -> bool {
    let conditions = ["cfg(", "cfg_attr(", "cfg!("];
    code.lines().any(|line| {
        let conditional = conditions.iter().any(|start| line.contains(start));
        conditional && has(line, "feature")
    })
}

/// `true` if the code uses an allocator's crate, or the standard library outside of tests.
pub fn has_allocator(code: &str) -> bool {
    let tokens = ["extern crate alloc", "alloc::", "std::"];
    let uses = |token: &str| {
        code.match_indices(token).any(|(at, _)| {
            let before = code[..at].chars().next_back().unwrap_or(' ');
            !is_word(before)
        })
    };
    tokens.iter().any(|token| uses(token))
}

#[test]
fn words_are_found_in_code_only() {
    let code =
        code_of("let a = \"todo!()\"; // todo!()\n/* dbg!(1) /* nested */ unsafe */ let b = 1;");
    assert!(!has(&code, "todo!") && !has(&code, "dbg!") && !has(&code, "unsafe"));
    assert!(has(&code_of("fn f() { todo!() }"), "todo!"));
    assert!(has(&code_of("let c = '\"'; dbg!(c);"), "dbg!"));
    assert!(has(&code_of("let c = '\\''; dbg!(c);"), "dbg!"));
    assert!(has(
        &code_of("let s = r#\"a \" b\"#; unimplemented!()"),
        "unimplemented!"
    ));
    assert!(has(
        &code_of("let s = \"a \\\" b\"; unsafe { f() }"),
        "unsafe"
    ));
    assert!(has(
        &code_of("fn f<'a>(a: &'a u8) { unsafe { g(a) } }"),
        "unsafe"
    ));
    assert!(!has(
        &code_of("#![forbid(unsafe_code)] clippy::todo"),
        "unsafe"
    ));
    assert!(!has(&code_of("clippy::todo"), "todo!"));
    let blanked = code_of("a\n\"b\nc\"\n// d\ne");
    assert_eq!(blanked.lines().count(), 5);
}

#[test]
fn features_and_allocators_are_found() {
    assert!(has_feature(&code_of("#[cfg(feature = \"std\")]")));
    assert!(has_feature(&code_of("#[cfg(all(test, feature = \"x\"))]")));
    assert!(has_feature(&code_of(
        "#![cfg_attr(not(feature = \"x\"), no_std)]"
    )));
    assert!(!has_feature(&code_of("#[cfg(test)] // cfg(feature)")));
    assert!(has_allocator("extern crate alloc;"));
    assert!(has_allocator("use alloc::vec::Vec;"));
    assert!(has_allocator("let v = std::vec::Vec::new();"));
    assert!(!has_allocator(
        "use core::fmt; use dealloc::x; use gossip_std::x;"
    ));
}
