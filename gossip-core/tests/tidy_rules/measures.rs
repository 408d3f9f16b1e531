//! How large the folders of the core are, which files are the node's, and which parts are tested on their own.

use super::imports::module_of;
use super::source::is_word;

/// Lines with code on them. Text in comments must be blanked out.
pub fn code_lines(code: &str) -> usize {
    code.lines().filter(|line| !line.trim().is_empty()).count()
}

/// The code lines of each top-level module, the largest first.
pub fn sizes<'f>(files: impl Iterator<Item = &'f (String, String)>) -> Vec<(String, usize)> {
    let mut sizes: Vec<(String, usize)> = Vec::new();
    for (path, code) in files {
        let module = module_of(path).unwrap_or("lib");
        match sizes.iter_mut().find(|(name, _)| name == module) {
            Some((_, lines)) => *lines += code_lines(code),
            None => sizes.push((module.to_owned(), code_lines(code))),
        }
    }
    sizes.sort_by_key(|(_, lines)| usize::MAX - lines);
    sizes
}

/// `true` if the file gives the node methods of its own.
pub fn implements_node(code: &str) -> bool {
    code.lines().any(|line| {
        let own = line.ends_with(" Node<A, S> {") && !line.contains(" for ");
        line.starts_with("impl<") && own
    })
}

/// `true` if there is a test in the text, and no node in it.
pub fn tests_a_part(text: &str) -> bool {
    let names_node = text.match_indices("Node").any(|(at, found)| {
        let before = text[..at].chars().next_back().unwrap_or(' ');
        let after = text[at + found.len()..].chars().next().unwrap_or(' ');
        !is_word(before) && !is_word(after)
    });
    text.contains("#[test]") && !names_node
}

#[test]
fn lines_of_code_are_counted() {
    assert_eq!(code_lines("fn f() {\n\n    1\n}\n"), 3);
    let files = [
        ("a/mod.rs".into(), "x\ny\n".into()),
        ("b.rs".into(), "x\ny\nz\nw\n".into()),
        ("a/c.rs".into(), "x\n".into()),
    ];
    let sizes = sizes(files.iter());
    assert_eq!(sizes, [("b".into(), 4), ("a".into(), 3)]);
}

#[test]
fn the_nodes_files_are_found() {
    assert!(implements_node(
        "impl<A: Address, S: Storage<A>> Node<A, S> {\n"
    ));
    assert!(!implements_node("impl<A, S> Debug for Node<A, S> {\n"));
    assert!(!implements_node("// impl<A> Node<A, S> {\n"));
}

#[test]
fn a_part_is_tested_without_a_node() {
    assert!(tests_a_part("#[test]\nfn f() { NodeId::MAX; }"));
    assert!(!tests_a_part("#[test]\nfn f() { Node::new(); }"));
    assert!(!tests_a_part("fn f() {}"));
}
