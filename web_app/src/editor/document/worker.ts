import { expose } from "comlink";
import { DocumentSession } from "./documentSession";

expose(new DocumentSession());
