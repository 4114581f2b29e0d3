//! A plugin without go-plugin: tonic, and the few services of go-plugin's that a host needs.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, watch, Mutex, Notify};
use tokio_stream::wrappers::{ReceiverStream, UnixListenerStream};
use tokio_stream::Stream;
use tower::{service_fn, Service};
use tonic::transport::{Channel, Endpoint, Server, Uri};
use tonic::{Request, Response, Status, Streaming};

mod gk {
    tonic::include_proto!("goatkit.plugin.v1");
}
mod gp {
    tonic::include_proto!("plugin");
}

use gk::gk_host_client::GkHostClient;
use gk::gk_plugin_server::{GkPlugin, GkPluginServer};
use gp::grpc_broker_server::{GrpcBroker, GrpcBrokerServer};
use gp::grpc_controller_server::{GrpcController, GrpcControllerServer};
use gp::grpc_stdio_server::{GrpcStdio, GrpcStdioServer};

type Said = std::pin::Pin<Box<dyn Stream<Item = Result<gp::StdioData, Status>> + Send>>;
type Infos = std::pin::Pin<Box<dyn Stream<Item = Result<gp::ConnInfo, Status>> + Send>>;

struct Shared {
    host_address: watch::Sender<Option<(u32, String)>>,
    host: Mutex<Option<GkHostClient<Channel>>>,
    print: Mutex<Option<mpsc::Sender<Result<gp::StdioData, Status>>>>,
    end: Notify,
}

#[derive(Clone)]
struct Plugin(Arc<Shared>);

impl Plugin {
    async fn dial(&self, service: u32) -> Result<GkHostClient<Channel>, Status> {
        let mut seen = self.0.host_address.subscribe();
        let found = seen.wait_for(|info| matches!(info, Some((id, _)) if *id == service));
        let path = tokio::time::timeout(Duration::from_secs(10), found)
            .await
            .map_err(|_| Status::deadline_exceeded("the broker did not say where the host is"))?
            .map_err(|_| Status::internal("the broker has gone"))?
            .clone()
            .map(|(_, path)| path)
            .unwrap_or_default();
        let channel = Endpoint::from_static("http://localhost")
            .connect_with_connector(tower_service(path))
            .await
            .map_err(|why| Status::unavailable(why.to_string()))?;
        Ok(GkHostClient::new(channel))
    }

    async fn print(&self, text: &str) {
        if let Some(sender) = self.0.print.lock().await.as_ref() {
            let data = format!("{text}\n").into_bytes();
            let channel = gp::stdio_data::Channel::Stdout as i32;
            let _ = sender.send(Ok(gp::StdioData { channel, data })).await;
        }
    }
}

fn tower_service(
    path: String,
) -> impl Service<
    Uri,
    Response = hyper_util::rt::TokioIo<UnixStream>,
    Future = impl std::future::Future<Output = std::io::Result<hyper_util::rt::TokioIo<UnixStream>>> + Send,
    Error = std::io::Error,
> + Send
       + 'static {
    service_fn(move |_: Uri| {
        let path = path.clone();
        async move { Ok(hyper_util::rt::TokioIo::new(UnixStream::connect(path).await?)) }
    })
}


#[tonic::async_trait]
impl GkPlugin for Plugin {
    async fn gk_register(&self, _: Request<gk::Empty>) -> Result<Response<gk::GkRegistration>, Status> {
        Ok(Response::new(gk::GkRegistration {
            name: "rusty".into(),
            version: "0.1.0".into(),
            routes: vec![gk::RouteSpec {
                method: "GET".into(),
                path: "/api/plugins/rusty/hello".into(),
                handler: "hello".into(),
                ..Default::default()
            }],
            ..Default::default()
        }))
    }

    async fn init(&self, request: Request<gk::InitRequest>) -> Result<Response<gk::Empty>, Status> {
        let mut host = self.dial(request.into_inner().host_service).await?;
        let query = gk::DbQueryRequest { query: "SELECT 1".into(), args: vec![] };
        let rows = host.db_query(query).await?.into_inner().rows_json;
        self.print(&format!("init: {} row", rows.len())).await;
        *self.0.host.lock().await = Some(host);
        Ok(Response::new(gk::Empty {}))
    }

    async fn call(&self, request: Request<gk::CallRequest>) -> Result<Response<gk::CallResponse>, Status> {
        let call = request.into_inner();
        let mut answer = gk::CallResponse::default();
        match call.function.as_str() {
            "echo" => answer.result_json = call.args_json,
            "time" => {
                let mut host = self.0.host.lock().await;
                let host = host.as_mut().ok_or_else(|| Status::internal("no host"))?;
                let asked = gk::HostCallRequest { function: "time_now".into(), args_json: vec![] };
                let got = host.call(asked).await?.into_inner();
                answer.result_json = got.result_json;
                answer.error = got.error;
            }
            "large" => answer.result_json = format!("\"{}\"", "x".repeat(3_000_000)).into_bytes(),
            "thread" => {
                let done = std::thread::spawn(|| 42).join().map_err(|_| Status::internal("thread"))?;
                answer.result_json = done.to_string().into_bytes();
            }
            "panic" => panic!("as a bug does"),
            other => answer.error = format!("unknown function: {other}"),
        }
        Ok(Response::new(answer))
    }

    async fn shutdown(&self, _: Request<gk::Empty>) -> Result<Response<gk::Empty>, Status> {
        self.print("shutdown: good bye").await;
        Ok(Response::new(gk::Empty {}))
    }
}

#[tonic::async_trait]
impl GrpcBroker for Plugin {
    type StartStreamStream = Infos;

    async fn start_stream(
        &self,
        request: Request<Streaming<gp::ConnInfo>>,
    ) -> Result<Response<Infos>, Status> {
        let mut infos = request.into_inner();
        let shared = self.0.clone();
        tokio::spawn(async move {
            while let Ok(Some(info)) = infos.message().await {
                shared.host_address.send_replace(Some((info.service_id, info.address)));
            }
        });
        Ok(Response::new(Box::pin(tokio_stream::pending())))
    }
}

#[tonic::async_trait]
impl GrpcController for Plugin {
    async fn shutdown(&self, _: Request<gp::Empty>) -> Result<Response<gp::Empty>, Status> {
        self.0.end.notify_one();
        Ok(Response::new(gp::Empty {}))
    }
}

#[tonic::async_trait]
impl GrpcStdio for Plugin {
    type StreamStdioStream = Said;

    async fn stream_stdio(&self, _: Request<gp::Empty>) -> Result<Response<Said>, Status> {
        let (sender, receiver) = mpsc::channel(16);
        *self.0.print.lock().await = Some(sender);
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::var("GOATKIT_PLUGIN").as_deref() != Ok("goatkit-v1") {
        eprintln!("This program is a plugin; its host starts it.");
        std::process::exit(1);
    }
    let path = format!("{}/plugin", std::env::var("PLUGIN_UNIX_SOCKET_DIR")?);
    let listener = UnixListener::bind(&path)?;
    let plugin = Plugin(Arc::new(Shared {
        host_address: watch::channel(None).0,
        host: Mutex::new(None),
        print: Mutex::new(None),
        end: Notify::new(),
    }));
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_service_status("plugin", tonic_health::ServingStatus::Serving).await;
    println!("1|1|unix|{path}|grpc|");
    let ended = plugin.clone();
    Server::builder()
        .add_service(health)
        .add_service(GkPluginServer::new(plugin.clone()))
        .add_service(GrpcBrokerServer::new(plugin.clone()))
        .add_service(GrpcControllerServer::new(plugin.clone()))
        .add_service(GrpcStdioServer::new(plugin))
        .serve_with_incoming_shutdown(UnixListenerStream::new(listener), async move {
            ended.0.end.notified().await;
            // The streams never end by themselves: a moment for the answer, then the process does.
            tokio::spawn(async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                std::process::exit(0);
            });
        })
        .await?;
    Ok(())
}
