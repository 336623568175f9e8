//! `/catalogue`: the API that keys are for, and how to make a key for each part of it.

use askama::Template;
use axum::{Extension, extract::State};
use http::{Method, StatusCode};

use super::Answer;
use crate::{
    catalogue::{Catalogue, Group, Level, Privilege},
    console::{
        Console,
        asked::Ask,
        page::{self, Shell},
    },
    management::Right,
};

#[derive(Template)]
#[template(path = "organisation/catalogue.html")]
struct CataloguePage<'a> {
    shell: Shell,
    catalogue: &'a Catalogue,
    may_create: bool,
    may_settings: bool,
}

pub(super) async fn show(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    asked.require(Right::KeysRead)?;
    let page = CataloguePage {
        shell: Shell::new(Some(&asked), "API catalogue"),
        catalogue: console.management().catalogue(),
        may_create: asked.may(Right::KeysCreate),
        may_settings: asked.may(Right::OrgSettings),
    };
    Ok(page::render(StatusCode::OK, &page))
}

/// Whether view and modify mean something; else there are only single privileges.
fn has_levels(group: &Group) -> bool {
    let mut privileges = group.privileges.iter();
    group.others || !group.paths.is_empty() || privileges.any(|one| one.level.is_some())
}

fn needs_assignment(group: &Group) -> bool {
    group.privileges.iter().any(|privilege| privilege.requires_assignment)
}

fn paths(group: &Group) -> String {
    match (group.others, group.paths.is_empty()) {
        (true, _) => "every path that no other group names".to_owned(),
        (false, true) => "the requests of its privileges".to_owned(),
        (false, false) => group.paths.join(", "),
    }
}

fn view_methods(group: &Group) -> String {
    names(&group.view_methods)
}

fn modify_methods(group: &Group) -> String {
    match &group.modify_methods {
        None => "every method".to_owned(),
        Some(methods) => {
            let more = methods.iter().filter(|method| !group.view_methods.contains(method));
            names(group.view_methods.iter().chain(more))
        }
    }
}

fn names<'m>(methods: impl IntoIterator<Item = &'m Method>) -> String {
    methods.into_iter().map(Method::as_str).collect::<Vec<_>>().join(", ")
}

/// Which level of the group includes a privilege.
const fn level(privilege: &Privilege) -> &'static str {
    match privilege.level {
        Some(Level::View) => "View only",
        Some(Level::Modify) => "Modify",
        None => "no level",
    }
}

/// What somebody who makes a key would give first: the least that does something.
fn example(group: &Group) -> &str {
    match group.privileges.first() {
        Some(privilege) if !has_levels(group) => &privilege.scope,
        _ => group.scope(Level::View),
    }
}
