//! The base string is not to be had from a signed request, but any signature method is fed with it.

use std::cell::RefCell;
use std::fmt::{Display, Write as _};
use std::rc::Rc;

use oauth::signature_method::{Sign, SignatureMethod};

/// A signature method that notes the base string, put together as the documentation of `Sign` says.
#[derive(Clone)]
pub struct Noted<M> {
    pub method: M,
    pub base: Rc<RefCell<String>>,
}

pub struct NotedSign<S> {
    sign: S,
    base: Rc<RefCell<String>>,
}

impl<M: SignatureMethod> SignatureMethod for Noted<M> {
    type Sign = NotedSign<M::Sign>;

    fn sign_with(self, client_secret: &str, token_secret: Option<&str>) -> Self::Sign {
        NotedSign { sign: self.method.sign_with(client_secret, token_secret), base: self.base }
    }
}

impl<S: Sign> Sign for NotedSign<S> {
    type Signature = S::Signature;

    fn get_signature_method_name(&self) -> &'static str {
        self.sign.get_signature_method_name()
    }

    fn request_method(&mut self, method: &str) {
        write!(self.base.borrow_mut(), "{method}&").unwrap();
        self.sign.request_method(method);
    }

    fn uri<T: Display>(&mut self, uri: T) {
        write!(self.base.borrow_mut(), "{uri}&").unwrap();
        self.sign.uri(uri);
    }

    fn parameter<V: Display>(&mut self, key: &str, value: V) {
        write!(self.base.borrow_mut(), "{key}%3D{value}").unwrap();
        self.sign.parameter(key, value);
    }

    fn delimiter(&mut self) {
        self.base.borrow_mut().push_str("%26");
        self.sign.delimiter();
    }

    fn end(self) -> S::Signature {
        self.sign.end()
    }

    fn use_nonce(&self) -> bool {
        self.sign.use_nonce()
    }

    fn use_timestamp(&self) -> bool {
        self.sign.use_timestamp()
    }
}
