//! Just enough of YAML, and so of JSON, to find a text by names.

use saphyr::{LoadableYamlNode, Yaml};

use crate::failure::Failure;

/// A file of YAML.
#[derive(Debug)]
pub(super) struct Document(Vec<Yaml<'static>>);

/// A place in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a>(&'a Yaml<'static>);

impl Document {
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        Yaml::load_from_str(text).map(Self).map_err(|error| {
            // The parser's own words may repeat what stands there.
            let line = error.marker().line();
            Failure::config(
                format!("the file is no YAML: line {line} cannot be read"),
                "check that it is the right file",
            )
        })
    }

    pub(super) fn root(&self) -> Option<Node<'_>> {
        self.0.first().map(Node)
    }
}

impl<'a> Node<'a> {
    /// What a mapping has under this name.
    pub(super) fn get(self, name: &str) -> Option<Self> {
        self.0.as_mapping_get(name).map(Node)
    }

    /// What a sequence has at this place.
    pub(super) fn at(self, index: usize) -> Option<Self> {
        self.0.as_sequence_get(index).map(Node)
    }

    /// What a mapping of one has.
    pub(super) fn only(self) -> Option<Self> {
        let mapping = self.0.as_mapping().filter(|mapping| mapping.len() == 1)?;
        mapping.values().next().map(Node)
    }

    pub(super) fn text(self) -> Option<&'a str> {
        self.0.as_str()
    }
}
