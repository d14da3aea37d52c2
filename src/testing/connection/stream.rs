//! One HTTP/2 stream: a request and what becomes of it.

use std::future::poll_fn;

use bytes::{Bytes, BytesMut};
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{Request, Response};

use super::frames::half_of_headers;
use super::{Ending, GARBAGE};
use crate::testing::Fault;
use crate::testing::act::{Act, Fate};
use crate::testing::answer::Answer;
use crate::testing::shared::Arrival;

/// What the end of a stream means to its connection.
#[derive(Debug)]
pub(super) enum End {
    /// Nothing.
    Answered,
    /// It is to be reset, once half of its answer has been written.
    Half(SendStream<Bytes>),
    /// The connection ends with it. Until then the stream is held: to drop it is to reset it.
    Connection(Ending, SendResponse<Bytes>),
}

pub(super) async fn serve(
    arrival: Arrival,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
) -> End {
    // A client that went away or reset the stream is an error here, and of no interest.
    let Ok(act) = act(&arrival, request).await else {
        return End::Answered;
    };
    match act {
        Act::Answer(answer) | Act::LastAnswer(answer) => {
            let _ = send(&mut respond, answer);
            End::Answered
        }
        Act::HalfBody(answer) => send_half(&mut respond, answer).map_or(End::Answered, End::Half),
        Act::HalfHead(_) => {
            let half = half_of_headers(respond.stream_id().as_u32());
            End::Connection(Ending::Send(half), respond)
        }
        Act::Garbage => End::Connection(Ending::Send(GARBAGE.into()), respond),
        Act::Close => End::Connection(Ending::Close, respond),
        Act::Reset => End::Connection(Ending::Reset, respond),
        Act::Stall => {
            let _ = poll_fn(|cx| respond.poll_reset(cx)).await;
            End::Answered
        }
        Act::ResetStream => {
            respond.send_reset(Reason::INTERNAL_ERROR);
            End::Answered
        }
        Act::RefuseStream => {
            respond.send_reset(Reason::REFUSED_STREAM);
            End::Answered
        }
    }
}

async fn act(arrival: &Arrival, request: Request<RecvStream>) -> Result<Act, h2::Error> {
    // Nobody needs to send the whole of a body that is refused.
    if arrival.fate == Fate::Meet(Fault::RefusedStream) {
        return Ok(Act::RefuseStream);
    }
    let (head, mut stream) = request.into_parts();
    let mut body = BytesMut::new();
    while let Some(piece) = stream.data().await {
        let piece = piece?;
        stream.flow_control().release_capacity(piece.len())?;
        body.extend_from_slice(&piece);
    }
    let request = Request::from_parts(head, body.freeze());
    Ok(arrival.act(&request).await)
}

fn send(respond: &mut SendResponse<Bytes>, answer: Answer) -> Result<(), h2::Error> {
    let (head, body) = answer.into_response().into_parts();
    let mut stream = respond.send_response(Response::from_parts(head, ()), false)?;
    stream.send_data(body, true)
}

fn send_half(
    respond: &mut SendResponse<Bytes>,
    answer: Answer,
) -> Result<SendStream<Bytes>, h2::Error> {
    let (head, mut body) = answer.into_response().into_parts();
    let mut stream = respond.send_response(Response::from_parts(head, ()), false)?;
    stream.send_data(body.split_to(body.len() / 2), false)?;
    Ok(stream)
}
