//! HTTP/2, where the server offers it, with bodies that stream in both directions at once.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use llmenv::config::Network;
use tokio_rustls::TlsAcceptor;

use super::{block_on, client};
use crate::support::Home;
use crate::support::upstream::Authority;

#[test]
fn a_server_that_offers_http_2_gets_it_and_both_bodies_stream() {
    let authority = Authority::new();
    let home = Home::new();
    let network = Network { ca_file: Some(authority.write(&home.path(""))), ..Network::default() };
    let config = authority.server_until(&["127.0.0.1"], None, &["h2", "http/1.1"]);
    block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (tcp, _) = listener.accept().await.unwrap();
            let tls = TlsAcceptor::from(config).accept(tcp).await.unwrap();
            assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
            let echo = hyper::service::service_fn(|request: http::Request<Incoming>| async {
                assert_eq!(request.version(), http::Version::HTTP_2);
                Ok::<_, Infallible>(http::Response::new(request.into_body()))
            });
            // Ends with the client's connection; an error then is no news.
            let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(tls), echo)
                .await;
        });
        let (send, queue) = tokio::sync::mpsc::channel(1);
        let request = http::Request::post(format!("https://{address}/echo")).body(Pieces(queue)).unwrap();
        let answer = client(&network).send(request).await.unwrap();
        let mut body = answer.into_body();
        // Each piece comes back before the next is sent: nothing waits for the end of the other direction.
        for n in 0..20 {
            let piece = Bytes::from(vec![b'a' + n; 1000]);
            send.send(piece.clone()).await.unwrap();
            let mut back = Vec::new();
            while back.len() < piece.len() {
                back.extend_from_slice(&body.frame().await.unwrap().unwrap().into_data().unwrap());
            }
            assert_eq!(back, piece);
        }
        drop(send);
        assert!(body.collect().await.unwrap().to_bytes().is_empty(), "more came back than was sent");
    });
}

/// A body made of what a channel gives.
struct Pieces(tokio::sync::mpsc::Receiver<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
    }
}
